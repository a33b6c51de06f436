"""A model that is additive in substructures: what each contributes to the log-odds, or to the value, stands in one weight."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.low_rank import LowRank
from fluid.models.prediction import Prediction, as_prediction, entropy, join_predictions
from fluid.molecules.molecule_set import MoleculeSet

CHUNK = 8192
ARRAYS = ("weights", "bias", "variance", "bias_variance", "noise", "temperature")
"""What is learnt."""
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
"""Points and weights by which the mean over a normal distribution is computed (Gauss-Hermite quadrature)."""


@dataclass(frozen=True, eq=False)
class AdditivePredictor:
    """`z = b + Σ_b w_b log(1 + n_b)`: the log-odds of a class (divided by a temperature), or a value; a `Predictor`.

    Attributes:
        weights: `(T, D)` float32, in log-odds or in the endpoint's unit.
        bias: `(T,)` float32.
        variance: Variance of each weight `(T, D)` float32, by the Laplace approximation.
        bias_variance: Variance of the bias `(T,)` float32; with `low_rank`, of the answer where features are those of its centre.
        noise: Variance of values around the answer `(T,)` float32; means nothing for classes.
        temperature: `(T,)` float32; 1 for values.
        endpoints: The `T` endpoints.
        spec: Settings.
        low_rank: What weights have to do with each other; `None`: their doubts are independent.

    Raises:
        ShapeError: Shapes or types disagree.
    """

    kind: ClassVar[str] = "additive"
    weights: np.ndarray
    bias: np.ndarray
    variance: np.ndarray
    bias_variance: np.ndarray
    noise: np.ndarray
    temperature: np.ndarray
    endpoints: tuple[Endpoint, ...]
    spec: AdditiveSpec
    low_rank: LowRank | None = None

    def __post_init__(self) -> None:
        """Check shapes and types."""
        n, size = len(self.endpoints), self.spec.n_bits
        for name in ARRAYS:
            _check_plane(name, getattr(self, name), (n, size) if name in ("weights", "variance") else (n,))
        if self.low_rank:
            _check_plane("centre", self.low_rank.centre, (n, size))
            _check_plane("factor", self.low_rank.factor, (n, size, self.low_rank.factor.shape[-1]))

    def log_odds(self, features: csr_matrix) -> np.ndarray:
        """Return log-odds before the temperature, or values, `(M, T)` float64, of molecules of which the features are known."""
        answers: np.ndarray = features @ self.weights.T.astype(np.float64) + self.bias
        return answers

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer molecules in chunks.

        Classes: the epistemic part is the mutual information under the normal distribution of the log-odds that the weights' variances
        give, and both parts add up to the entropy of the answer. Values: the variance of the answer, and the noise.
        """
        parts = [self.answer(self.spec.dictionary.features(chunk)) for chunk in molecules.chunks(CHUNK)]
        return join_predictions(parts, len(self.endpoints))

    def answer(self, features: csr_matrix) -> Prediction:
        """Answer molecules of which the features `(M, D)` are known."""
        score = self.log_odds(features) / self.temperature
        doubt = (self._doubt(features) + self.bias_variance) / self.temperature**2
        is_class = np.array([endpoint.kind == "classification" for endpoint in self.endpoints])
        return normal_prediction(is_class, score, doubt, self.noise)

    def _doubt(self, features: csr_matrix) -> np.ndarray:
        if self.low_rank:
            return self.low_rank.doubt(features, self.variance)
        alone: np.ndarray = features.power(2) @ self.variance.T.astype(np.float64)
        return alone


def _check_plane(name: str, plane: np.ndarray, shape: tuple[int, ...]) -> None:
    if plane.shape != shape or plane.dtype != np.float32:
        raise ShapeError(f"{name} has shape {plane.shape} and type {plane.dtype}", expected=f"float32 {shape}")


def normal_prediction(is_class: np.ndarray, score: np.ndarray, variance: np.ndarray, noise: np.ndarray) -> Prediction:
    """Return answers of which the score, log-odds of a class or a value, is normal.

    Classes: the epistemic part is the mutual information, and both parts add up to the entropy of the answer.

    Args:
        is_class: Which endpoints are classes `(T,)` bool.
        score: Log-odds, or values `(M, T)`.
        variance: Of the score `(M, T)`.
        noise: Variance of values around the score, of a shape that broadcasts; means nothing for classes.
    """
    probs = expit(score)
    unsure = np.minimum(mutual_information(score, variance), entropy(probs))
    mean, epistemic = np.where(is_class, probs, score), np.where(is_class, unsure, variance)
    return as_prediction(mean, epistemic, np.where(is_class, entropy(probs) - unsure, noise))


def mutual_information(score: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return the mutual information in nats between a class and log-odds that are normal around `score`; 0 without variance."""
    share = NODE_WEIGHTS / NODE_WEIGHTS.sum()
    mean, inside = np.zeros_like(score), np.zeros_like(score)
    for node, weight in zip(NODES, share, strict=True):
        probs = expit(score + node * np.sqrt(variance))
        mean += weight * probs
        inside += weight * entropy(probs)
    information: np.ndarray = np.maximum(entropy(mean) - inside, 0.0)
    return information
