"""How sure data make the weights of an additive model, with what the weights have to do with each other: low-rank Laplace approximation.

The posterior of weights and bias is normal, with the inverse of the penalised loss's curvature as its covariance (MacKay 1992,
doi:10.1162/neco.1992.4.3.448). The bias is integrated out exactly, which leaves the weights with features that are centred by their mean
under the curvature of the molecules. Of their curvature `B` the largest eigenvalues are kept, and the diagonal of the rest:

`Σ⁻¹ ≈ I + V Λ Vᵀ + diag(B − V Λ Vᵀ)`.

With all eigenvalues this is exact; with none it is the diagonal approximation for centred features.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, svds

TOLERANCE = 1e-4


class Posterior(NamedTuple):
    """Covariance `diag(variance) − F Fᵀ` of one endpoint's weights, and the variance of the answer at the centre.

    Attributes:
        variance: `(D,)`.
        factor: `F`, `(D, R)`.
        centre: Mean features of the molecules, by their curvature `(D,)`.
        bias_variance: Variance of the answer there.
    """

    variance: np.ndarray
    factor: np.ndarray
    centre: np.ndarray
    bias_variance: float

    def times(self, scale: float) -> "Posterior":
        """Return the posterior of weights in another unit, in which variances are so much larger."""
        return Posterior(self.variance * scale, self.factor * np.sqrt(scale), self.centre, self.bias_variance * scale)


class LowRank(NamedTuple):
    """What `T` endpoints have beside variances: `F`, `(T, D, R)` float32, and centres `(T, D)` float32."""

    factor: np.ndarray
    centre: np.ndarray

    def doubt(self, features: csr_matrix, variance: np.ndarray) -> np.ndarray:
        """Return the variance of scores that the weights' doubt makes, without that of the bias, `(M, T)` float64, 0 or more.

        Args:
            features: `(M, D)`.
            variance: `(T, D)`.
        """
        squared = features.power(2)
        planes = zip(self.factor.astype(np.float64), self.centre.astype(np.float64), variance.astype(np.float64), strict=True)
        return np.stack([_doubt(features, squared, *plane) for plane in planes], axis=1)


def _doubt(features: csr_matrix, squared: csr_matrix, factor: np.ndarray, centre: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return `(x − c)ᵀ (diag(v) − F Fᵀ) (x − c)` of every molecule, without making features dense."""
    alone = squared @ variance - 2 * (features @ (variance * centre)) + variance @ centre**2
    together = ((features @ factor - centre @ factor) ** 2).sum(axis=1)
    doubt: np.ndarray = np.maximum(alone - together, 0.0)
    return doubt


def stacked(posteriors: Sequence[Posterior]) -> LowRank:
    """Return the factors and centres of several endpoints together; those of fewer directions get directions of length 0."""
    rank = max(one.factor.shape[1] for one in posteriors)
    factors = [np.pad(one.factor, ((0, 0), (0, rank - one.factor.shape[1]))) for one in posteriors]
    return LowRank(np.array(factors, np.float32), np.array([one.centre for one in posteriors], np.float32))


def low_rank_posterior(features: csr_matrix, curvature: np.ndarray, rank: int) -> Posterior:
    """Return the posterior of weights with a penalty `½ ‖w‖²` and of a bias without.

    Args:
        features: `(M, D)`.
        curvature: Of the loss at each molecule `(M,)`, 0 or more.
        rank: Directions that are kept; all, if they are no fewer than molecules or columns.
    """
    total = max(float(curvature.sum()), np.finfo(float).tiny)
    centre = np.asarray(features.T @ curvature) / total
    values, directions = largest(features, centre, np.sqrt(curvature), rank)
    whole = features.power(2).T @ curvature - total * centre**2
    variance = 1 / (1 + np.maximum(whole - directions**2 @ values, 0.0))
    scaled = directions * np.sqrt(values)
    inner = np.eye(len(values)) + scaled.T @ (variance[:, None] * scaled)  # Woodbury's identity
    factor = solve_triangular(cholesky(inner, lower=True), (variance[:, None] * scaled).T, lower=True).T
    return Posterior(variance, factor, centre, 1 / total)


def largest(features: csr_matrix, centre: np.ndarray, root: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest eigenvalues `(R,)` of `Σ_i r_i² (x_i − c)(x_i − c)ᵀ`, and their directions `(D, R)`.

    Lanczos from a fixed start where some are asked for, else all of them from the dense matrix.
    """
    molecules, columns = features.shape
    if rank == 0:
        return np.empty(0), np.empty((columns, 0))
    if rank >= min(molecules, columns):
        _, sizes, rows = np.linalg.svd(root[:, None] * (features.toarray() - centre), full_matrices=False)
        return sizes**2, rows.T
    turned = features.T.tocsr()

    def there(vector: np.ndarray) -> np.ndarray:
        flat = np.ravel(vector)
        said: np.ndarray = root * (features @ flat - centre @ flat)
        return said

    def back(vector: np.ndarray) -> np.ndarray:
        pulled = root * np.ravel(vector)
        found: np.ndarray = turned @ pulled - centre * pulled.sum()
        return found

    operator = LinearOperator((molecules, columns), matvec=there, rmatvec=back, dtype=np.float64)
    start = np.random.default_rng(0).standard_normal(min(molecules, columns))
    _, sizes, rows = svds(operator, k=rank, v0=start, tol=TOLERANCE)
    return sizes**2, rows.T
