"""Weights of additive models of classes with a random term in what is minimised, so that no molecule decides much (objective perturbation).

`docs/explanation/certified.md` has the proof of what they tell. Rows have a norm of at most 1, and the bias is the weight of a constant
column, penalised like all others. The loss is the hinge of support vector machines with a round corner (Chaudhuri, Monteleoni & Sarwate
2011, JMLR 12:1069, corollary 21): for the same largest slope it tells classes apart better than the logistic loss, of which the slope is
halved where the score is 0.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, diags_array, hstack
from scipy.sparse.linalg import LinearOperator, cg

from fluid.errors import InputError
from fluid.seeding import Normal

CURVATURE = 0.5
"""Largest second derivative of the loss; its largest slope is 1."""
CONSTANT = 0.1
"""What every row has in the constant column."""
GRADIENT = 1e-6
"""Largest norm of the gradient where the solver stops."""
END_RATIO = 1e-3
"""How far apart two stops can be, in standard deviations of the noise that hides where the solver stops."""
STEPS, INNER_STEPS, SMALLEST, ENOUGH = 200, 500, 2.0**-20, 1e-4


class Objective(NamedTuple):
    """What is minimised: `Σ_i ℓ(s_i x_i·w) + ‖w‖²/2C + b·w`, where `s` is 1 for class 1 and -1 for class 0.

    With the margin `m = s x·w`, `ℓ(m) = (2 − m)²/4` between 0 and 2, `1 − m` below and 0 above: that is Huber's hinge with a half-width
    of 1, of which the slope lies between -1 and 0 and the second derivative is at most `CURVATURE`.

    Attributes:
        rows: `s_i x_i`, of an L2 norm of at most 1, `(M, D)`.
        strength: `C`.
        term: `b`, `(D,)`.
    """

    rows: csr_matrix
    strength: float
    term: np.ndarray

    def value(self, weights: np.ndarray) -> float:
        """Return the objective."""
        margin = self.rows @ weights
        loss = np.where(margin < 0, 1 - margin, np.maximum(2 - margin, 0) ** 2 / 4)
        return float(loss.sum()) + float(weights @ (0.5 * weights / self.strength + self.term))

    def gradient(self, weights: np.ndarray) -> np.ndarray:
        """Return its gradient `(D,)`."""
        gradient: np.ndarray = pull(self.rows, weights) + weights / self.strength + self.term
        return gradient

    def direction(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return Newton's direction `(D,)`, by conjugate gradients."""
        margin = self.rows @ weights
        bent = self.rows[np.flatnonzero((margin > 0) & (margin < 2))]

        def curved(vector: np.ndarray) -> np.ndarray:
            product: np.ndarray = CURVATURE * (bent.T @ (bent @ vector)) + vector / self.strength
            return product

        operator = LinearOperator((len(weights), len(weights)), matvec=curved)
        rtol = min(0.1, float(np.linalg.norm(gradient)))
        way: np.ndarray = cg(operator, -gradient, rtol=rtol, maxiter=INNER_STEPS)[0]
        return way


def pull(rows: csr_matrix, weights: np.ndarray) -> np.ndarray:
    """Return the gradient `(D,)` of the summed loss of `Objective`, without penalty and term: no row's part is longer than the row."""
    slope = -np.clip(1 - rows @ weights / 2, 0, 1)
    gradient: np.ndarray = rows.T @ slope
    return gradient


def unit_rows(features: csr_matrix, clip: float, constant: float = CONSTANT) -> csr_matrix:
    """Return features `(M, D)` and the constant column `(M, D + 1)` as rows of a norm of at most 1.

    Args:
        features: `(M, D)`.
        clip: The largest norm of features that is not scaled down.
        constant: What every row has in the constant column.
    """
    norms = np.sqrt(np.asarray(features.power(2).sum(axis=1)).ravel())
    scaled = diags_array(rest_of(constant) / np.maximum(norms, clip)) @ features
    return hstack([scaled, np.full((features.shape[0], 1), constant)], format="csr")


def rest_of(part: float) -> float:
    """Return the other side of a right-angled triangle with a hypotenuse of 1, and a hair less, for rounding."""
    return float(np.sqrt(1 - part**2)) * (1 - 1e-12)


def minimum(objective: Objective) -> np.ndarray:
    """Return weights `(D,)` at which the gradient's norm is at most `GRADIENT`, by Newton's method with halved steps.

    Raises:
        InputError: The gradient stays larger.
    """
    weights = np.zeros(objective.rows.shape[1])
    for _ in range(STEPS):
        gradient = objective.gradient(weights)
        if np.linalg.norm(gradient) <= GRADIENT:
            return weights
        weights = step_from(objective, weights, gradient)
    raise InputError("the weights of a perturbed model could not be solved for", remedy="Choose a smaller model.strengths.")


def step_from(objective: Objective, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return weights `(D,)` with a smaller objective, or, where rounding hides that, with a gradient of half the norm."""
    way, length, before = objective.direction(weights, gradient), 1.0, objective.value(weights)
    moved: np.ndarray = weights + way
    if np.linalg.norm(objective.gradient(moved)) <= np.linalg.norm(gradient) / 2:
        return moved
    while length > SMALLEST and objective.value(moved) > before + ENOUGH * length * float(gradient @ way):
        length /= 2
        moved = weights + length * way
    return moved


def end_noise(strength: float) -> float:
    """Return the standard deviation of the noise that hides where the solver stops.

    The objective is `1/C`-strongly convex, so that a stop is at most `C · GRADIENT` away from the minimum, and two are at most twice as
    far apart; this noise makes them the fraction `END_RATIO` of it.
    """
    return 2 * strength * GRADIENT / END_RATIO


def solve_perturbed(
    features: csr_matrix, labels: np.ndarray, strength: float, clip: float, noise: float, source: Normal
) -> tuple[np.ndarray, float]:
    """Return weights `(D,)` and the bias of one class, in the unit of features as they are.

    Their score is no log-odds of a likelihood, but close to one near 0.

    Args:
        features: `(M, D)`.
        labels: Classes `(M,)`, 0 or 1: a soft label would let the loss be steep on both sides.
        strength: `C`, of rows of which the norm is at most 1.
        clip: As in `unit_rows`.
        noise: Standard deviation of the random term, `σ`; 0: none, and nothing hides where the solver stops.
        source: Of the noise.

    Raises:
        InputError: A label is no class, or the weights could not be solved for.
    """
    if not np.isin(labels, (0.0, 1.0)).all():
        raise InputError("a label of a perturbed model is neither 0 nor 1", expected="measured classes")
    rows = unit_rows(features, clip)
    size = (rows.shape[1],)
    signed = csr_matrix(diags_array(2 * labels - 1) @ rows)
    found = minimum(Objective(signed, strength, source.normal(0.0, noise, size) if noise else np.zeros(size)))
    released = found + source.normal(0.0, end_noise(strength), size) if noise else found
    return released[:-1] * rest_of(CONSTANT) / clip, float(released[-1] * CONSTANT)
