"""Shadow companies: additive models on random halves of labelled molecules, all solved together."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

STEPS = 80
"""Steps of the solver: shadows need not be exact."""


class Shadows(NamedTuple):
    """What shadow models say of all molecules, `(S, N)` scores, and which of these each has learnt, `(S, N)` bool."""

    scores: np.ndarray
    inside: np.ndarray


def halves(n: int, shadows: int, share: float, generator: np.random.Generator) -> np.ndarray:
    """Return which molecules each of several shadows has `(S, N)`; every molecule is in `share` of them, as nearly as can be."""
    many = min(max(round(share * shadows), 1), shadows - 1)
    order = np.argsort(generator.random((shadows, n)), axis=0)
    inside: np.ndarray = order < many
    return inside


class Taught(NamedTuple):
    """`S` additive models: weights `(S, D)` and biases `(S,)`, in log-odds or values."""

    weights: np.ndarray
    bias: np.ndarray

    def scores(self, features: "csr_matrix") -> np.ndarray:
        """Return what they say of molecules, `(S, N)`."""
        found: np.ndarray = (features @ self.weights.T + self.bias).T
        return found


def train_shadows(features: "csr_matrix", labels: np.ndarray, is_class: bool, inside: np.ndarray, strength: float) -> Shadows:
    """Return what shadows of `teach_shadows` say of all molecules."""
    return Shadows(teach_shadows(features, labels, is_class, inside, strength).scores(features), inside)


def teach_shadows(features: "csr_matrix", labels: np.ndarray, is_class: bool, inside: np.ndarray, strength: float) -> Taught:
    """Return shadows that have learnt labels `(N,)` of some molecules each, as `fluid.models.additive_solve` would have it.

    `½ ‖w‖² + C Σ_i ℓ_i` of each shadow, the sum of which is minimised at once: it has nothing that ties one to the other.

    Args:
        features: `(N, D)`.
        labels: Classes 0 and 1, or values.
        is_class: Whether they are classes.
        inside: Which molecules each of `S` shadows learns `(S, N)`.
        strength: `C`.
    """
    used = np.flatnonzero(np.asarray((features != 0).sum(axis=0)).ravel())
    known = features[:, used].tocsr()
    turned, mass, shadows = known.T.tocsr(), inside.T.astype(np.float64), len(inside)
    middle, unit = (0.0, 1.0) if is_class else (float(labels.mean()), float(labels.std()) or 1.0)
    target = ((labels - middle) / unit)[:, None]

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = point[shadows:].reshape(-1, shadows), point[:shadows]
        said = known @ weights + bias
        apart = mass * ((expit(said) if is_class else said) - target)
        losses = np.logaddexp(0, said) - target * said if is_class else 0.5 * (said - target) ** 2
        value = 0.5 * float((weights**2).sum()) + strength * float((mass * losses).sum())
        return value, np.concatenate([strength * apart.sum(axis=0), (weights + strength * (turned @ apart)).ravel()])

    found = minimize(loss, np.zeros(shadows * (1 + len(used))), jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    weights = np.zeros((shadows, features.shape[1]))
    weights[:, used] = found[shadows:].reshape(-1, shadows).T * unit
    return Taught(weights, found[:shadows] * unit + middle)
