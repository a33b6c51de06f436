"""Weights of additive models: penalised likelihood of classes, ridge regression of values, and how sure the data make each weight.

Both minimise `½ ‖w‖² + C Σ_i m_i ℓ_i(x_i·w + b)` over the weights `w` and the bias `b`, which is not penalised; `m_i` is the weight of a
molecule. For values `ℓ = ½ (y − x·w − b)² / σ²` with the variance `σ²` of the values themselves.

Values are scikit-learn's ridge regression. Its logistic regression knows no soft labels: each molecule would have to be there twice, in
twice the time, so that classes are minimised here.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, cg
from scipy.special import expit

from fluid.errors import InputError

TOLERANCE, MAX_STEPS = 1e-8, 2000
RIDGE_TOLERANCE, COPY_TOLERANCE = 1e-10, 1e-5


class Solved(NamedTuple):
    """Weights `(D,)`, the bias, and the variance of each weight `(D,)` and of the bias."""

    weights: np.ndarray
    bias: float
    variance: np.ndarray
    bias_variance: float


def solve_classes(features: csr_matrix, probs: np.ndarray, mass: np.ndarray, strength: float) -> Solved:
    """Return the weights that minimise the penalised cross-entropy.

    `ℓ = log(1 + exp z) − q z`, where `q` is the class or a soft label. The variances are those of the diagonal Laplace approximation
    (MacKay 1992, doi:10.1162/neco.1992.4.3.448): `1 / (1 + C Σ_i m_i p_i (1 − p_i) x_ib²)`.

    Args:
        features: `(M, D)`.
        probs: Labels `q` in [0, 1], `(M,)`.
        mass: Weight of each molecule `(M,)`.
        strength: `C`.
    """

    def loss(point: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = point[:-1], point[-1]
        logits = features @ weights + bias
        apart = mass * (expit(logits) - probs)
        value = 0.5 * weights @ weights + strength * float(mass @ (np.logaddexp(0, logits) - probs * logits))
        return value, np.append(weights + strength * (features.T @ apart), strength * apart.sum())

    share = np.clip(np.average(probs, weights=mass), 1e-3, 1 - 1e-3)
    begin = np.append(np.zeros(features.shape[1]), np.log(share / (1 - share)))
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": MAX_STEPS, "ftol": TOLERANCE * 1e-2, "gtol": TOLERANCE})
    return solved_classes(features, probs, mass, strength, found.x[:-1], float(found.x[-1]))


def solved_classes(features: csr_matrix, probs: np.ndarray, mass: np.ndarray, strength: float, weights: np.ndarray, bias: float) -> Solved:
    """Return weights and bias with how sure the data make them; arguments as in `solve_classes`."""
    return Solved(weights, bias, *laplace(features, class_curvature(features @ weights + bias, mass, strength)))


def class_curvature(logits: np.ndarray, mass: np.ndarray, strength: float) -> np.ndarray:
    """Return the curvature of the cross-entropy at each molecule `(M,)`: `C m p (1 − p)`."""
    likely = expit(logits)
    curvature: np.ndarray = strength * mass * likely * (1 - likely)
    return curvature


def solve_values(features: csr_matrix, values: np.ndarray, mass: np.ndarray, strength: float) -> Solved:
    """Return the weights of ridge regression.

    Args:
        features: `(M, D)`.
        values: `(M,)`, of mean 0 and variance 1.
        mass: Weight of each molecule `(M,)`.
        strength: `C`.
    """
    from sklearn.linear_model import Ridge  # its import takes a second; only fitting needs it

    found = Ridge(alpha=1 / strength, solver="sparse_cg", tol=RIDGE_TOLERANCE).fit(features, values, sample_weight=mass)
    return solved_values(features, values, mass, strength, found.coef_, float(found.intercept_))


def solved_values(features: csr_matrix, values: np.ndarray, mass: np.ndarray, strength: float, weights: np.ndarray, bias: float) -> Solved:
    """Return weights and bias with how sure the data make them; arguments as in `solve_values`."""
    residual = mean_square(values - features @ weights - bias, mass)
    variance, bias_variance = laplace(features, strength * mass)
    return Solved(weights, bias, residual * variance, residual * bias_variance)


def mean_square(residuals: np.ndarray, mass: np.ndarray) -> float:
    """Return the mean of squares, by weights."""
    return float(np.average(residuals**2, weights=mass))


def laplace(features: csr_matrix, curvature: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the variance of every weight `(D,)` and of the bias, from the curvature of the loss at each molecule `(M,)`."""
    return 1 / (1 + features.power(2).T @ curvature), float(1 / max(curvature.sum(), np.finfo(float).tiny))


def ridge_together(features: csr_matrix, targets: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """Return weights `(A, D)` and biases `(A,)` of many ridge regressions on the same molecules, by conjugate gradients.

    All targets share every product with the features, and columns are scaled by their variance first. With eight targets and equal error
    (3e-5 to 2e-4 of the answers' spread) that takes 0.3 to 0.6 of the time of scikit-learn's `sparse_cg`, which takes them one by one, for
    18,000 molecules, the less the weaker the penalty; for 4,000 it is no faster.

    Args:
        features: `(M, D)`.
        targets: `(M, A)`.
        strength: `C`, the inverse strength of the penalty.

    Raises:
        InputError: The equations could not be solved.
    """
    (molecules, columns), many = features.shape, targets.shape[1]
    mean, middle, turned = np.asarray(features.mean(axis=0)).ravel(), targets.mean(axis=0), features.T.tocsr()
    variance = np.asarray(features.power(2).sum(axis=0)).ravel() - molecules * mean**2 + 1 / strength

    def normal(vector: np.ndarray) -> np.ndarray:
        """Return the penalised normal equations' left side, of centred features."""
        weights = vector.reshape(columns, many)
        said = features @ weights - mean @ weights
        left: np.ndarray = turned @ said - np.outer(mean, said.sum(axis=0)) + weights / strength
        return left.ravel()

    size = columns * many
    scaled = LinearOperator((size, size), matvec=lambda vector: (vector.reshape(columns, many) / variance[:, None]).ravel())
    spread = targets.std(axis=0)
    unit = np.where(spread > 0, spread, 1.0)  # so that every target is solved for equally well
    right = (turned @ ((targets - middle) / unit)).ravel()
    found, failed = cg(LinearOperator((size, size), matvec=normal), right, rtol=COPY_TOLERANCE, maxiter=MAX_STEPS, M=scaled)
    if failed:
        raise InputError(f"{many} ridge regressions of strength {strength:g} could not be solved", remedy="Choose smaller strengths.")
    weights = (found.reshape(columns, many) * unit).T
    return weights, middle - weights @ mean
