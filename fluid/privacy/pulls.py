"""How molecules pull at the weights of an additive model: at the end of training all pulls, and the noise, hold the penalty's.

Where `‖w‖²/2C + Σ_i ℓ_i(φ_i·w)` has its minimum, `w/C = Σ_i d_i φ_i` with `d_i = −ℓ_i'`: the weights are a sum in which each learnt
molecule stands once, and any other not at all. With a random term `b` in what is minimised (objective perturbation), `−b` is added.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.special import expit

from fluid.models.additive_perturbed import unit_rows
from fluid.models.additive_spec import AdditiveSpec

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

ROUNDING = 1e-7
"""Ridge, in units of the mean squared length of a row, with which the shortest weights are found that give scores."""


class Pulls(NamedTuple):
    """What is known of the pulls of `n` molecules.

    Attributes:
        rows: `φ` `(n, D)`, sparse.
        slopes: `d` `(n,)`, by the answers of the model.
        scores: `φ·w/C` `(n,)`.
    """

    rows: "csr_matrix"
    slopes: np.ndarray
    scores: np.ndarray

    @property
    def alike(self) -> np.ndarray:
        """Products of the rows `(n, n)`."""
        found: np.ndarray = (self.rows @ self.rows.T).toarray()
        return found

    @property
    def told(self) -> np.ndarray:
        """Products of the pulls with the sum of all that was learnt `(n,)`, `d φ·w/C`."""
        found: np.ndarray = self.slopes * self.scores
        return found


def plain_pulls(features: "csr_matrix", scores: np.ndarray, bias: float, labels: np.ndarray, is_class: bool) -> Pulls:
    """Return the pulls on a model of cross-entropy or of squared errors, of which the bias has no penalty.

    Neither the strength `C` nor the temperature need be known: the former is a unit of scores, and slopes are nearly right without the
    latter.

    Args:
        features: `(n, D)`.
        scores: Log-odds or values `(n,)`.
        bias: What the model says where there is no substructure.
        labels: Classes 0 and 1, or values `(n,)`.
        is_class: Whether they are classes.
    """
    return Pulls(features, labels - (expit(scores) if is_class else scores), scores - bias)


def perturbed_pulls(features: "csr_matrix", scores: np.ndarray, bias: float, labels: np.ndarray, spec: AdditiveSpec) -> Pulls:
    """Return the pulls on a model with a random term, as `fluid.models.additive_perturbed` learns it: rows clipped, the bias one of them.

    Args:
        features: `(n, D)`.
        scores: Of the model `(n,)`.
        bias: What it says where there is no substructure.
        labels: Classes `(n,)`, 0 or 1.
        spec: Its settings.
    """
    norms, side = np.sqrt(np.asarray(features.power(2).sum(axis=1)).ravel()), 2 * labels - 1
    clipped = (scores - bias) * np.minimum(1.0, spec.clip / np.maximum(norms, spec.clip)) + bias
    return Pulls(unit_rows(features, spec.clip), side * np.clip(1 - side * clipped / 2, 0, 1), clipped / spec.strengths[0])


def gram_of(alike: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Return the products of pulls `(n, n)` from those of rows and their slopes `(n,)`."""
    found: np.ndarray = alike * slopes * slopes[:, None]
    return found


def shortest(alike: np.ndarray, scores: np.ndarray) -> float:
    """Return the squared length of the shortest weights that give scores `(n,)` to rows of which the products `(n, n)` are known."""
    ridge = alike.copy()
    ridge[np.diag_indices_from(ridge)] += ROUNDING * (float(np.diag(alike).mean()) or 1.0)
    return float(scores @ cho_solve(cho_factor(ridge, lower=True, overwrite_a=True), scores))
