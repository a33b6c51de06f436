"""Predictions with their uncertainty, split into what more data could remove (epistemic) and what it could not (aleatoric)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError

PLANES = ("mean", "epistemic", "aleatoric")


@dataclass(frozen=True, slots=True)
class Prediction:
    """Answers for `M` molecules and `T` endpoints, all `(M, T)` float32.

    Attributes:
        mean: Probability of the active class, or value in the endpoint's unit.
        epistemic: Classification: mutual information in nats; regression: variance of the members' means. Of evidential members also what
            each does not know by itself: the spread of its probability, and its variance of the mean.
        aleatoric: Classification: mean (expected) entropy of the members in nats; regression: mean of the members' variances.

    Raises:
        ShapeError: The mean and the uncertainties differ in shape, or are not `(M, T)` float32.
    """

    mean: np.ndarray
    epistemic: np.ndarray
    aleatoric: np.ndarray

    def __post_init__(self) -> None:
        """Check shapes and types."""
        for name in PLANES:
            plane = getattr(self, name)
            if plane.shape != self.mean.shape or plane.ndim != 2 or plane.dtype != np.float32:
                raise ShapeError(f"{name} has shape {plane.shape} and type {plane.dtype}", expected=f"float32 {self.mean.shape}")

    def __len__(self) -> int:
        return len(self.mean)


def entropy(probs: np.ndarray) -> np.ndarray:
    """Return the entropy in nats of Bernoulli probabilities; 0 at 0 and 1."""
    p = np.clip(np.asarray(probs, dtype=np.float64), 0.0, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p), 0.0) + np.where(p < 1, (1 - p) * np.log1p(-p), 0.0)
    return -terms


def classification_prediction(member_probs: np.ndarray, member_entropies: np.ndarray | None = None) -> Prediction:
    """Combine members `(S, M, T)`: total entropy = aleatoric + epistemic (Houlsby et al. 2011, arXiv:1112.5745; BALD).

    Args:
        member_probs: Probabilities.
        member_entropies: Expected entropy of each, where it is uncertain of its probability itself; default: the probability's entropy.
    """
    probs = np.asarray(member_probs, dtype=np.float64)
    mean = probs.mean(axis=0)
    aleatoric = (entropy(probs) if member_entropies is None else np.asarray(member_entropies, dtype=np.float64)).mean(axis=0)
    return as_prediction(mean, np.maximum(entropy(mean) - aleatoric, 0.0), aleatoric)


def regression_prediction(member_means: np.ndarray, member_variances: np.ndarray, member_doubts: np.ndarray | None = None) -> Prediction:
    """Combine members `(S, M, T)`: law of total variance (Kendall & Gal 2017, arXiv:1703.04977, eq. 9).

    Args:
        member_means: Values.
        member_variances: Variance of the value around each.
        member_doubts: Variance of each member's own mean, where it is uncertain of it itself; default: 0.
    """
    means = np.asarray(member_means, dtype=np.float64)
    doubt = 0.0 if member_doubts is None else np.asarray(member_doubts, dtype=np.float64).mean(axis=0)
    return as_prediction(means.mean(axis=0), means.var(axis=0) + doubt, np.asarray(member_variances, dtype=np.float64).mean(axis=0))


def combine_members(
    endpoints: Sequence[Endpoint],
    means: np.ndarray,
    variances: np.ndarray,
    entropies: np.ndarray | None = None,
    doubts: np.ndarray | None = None,
) -> Prediction:
    """Combine members of mixed endpoints: `means` `(S, M, T)` holds probabilities or values, `variances` only counts for values.

    Of evidential members, `entropies` are the expected entropies of classes and `doubts` the variances of the means of values.
    """
    classes, values = classification_prediction(means, entropies), regression_prediction(means, variances, doubts)
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    return as_prediction(*(np.where(is_class, getattr(classes, plane), getattr(values, plane)) for plane in PLANES))


def join_predictions(parts: Sequence[Prediction], n_endpoints: int) -> Prediction:
    """Return predictions of molecules in parts as one, of as many endpoints; there may be no part."""
    none = np.empty((0, n_endpoints), dtype=np.float32)
    return Prediction(*(np.concatenate([none, *(getattr(part, plane) for part in parts)]) for plane in PLANES))


def as_prediction(mean: np.ndarray, epistemic: np.ndarray, aleatoric: np.ndarray) -> Prediction:
    """Return a float32 prediction."""
    return Prediction(*(np.asarray(plane, dtype=np.float32) for plane in (mean, epistemic, aleatoric)))
