"""How often each of many vectors was added to a noisy sum: the posterior of all of them at once.

`g = Σ_i a_i c_i + e` with `a_i ~ N(μ, v)`, each by itself, and `e ~ N(0, λ v)` in every direction. Of the sum and of the vectors only
products are needed: the Gram matrix `A_ij = c_i·c_j`, and what is told of each vector, `Y_i = g·c_i`. Then `Y ~ N(μ A 1, v A (A + λ))`, and
the posterior is exact (Rasmussen & Williams, *Gaussian Processes for Machine Learning*, 2006, equation 2.8).
"""

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve
from scipy.linalg.lapack import dpotri

NOISES = 10.0 ** np.arange(-5, 3)
"""Variances of the noise that are tried, in units of the mean squared length of a vector times the variance of how often it was added."""
SMALLEST = 1e-12


class Posterior(NamedTuple):
    """What is known of how often each of `n` vectors was added.

    Attributes:
        mean: Its mean `(n,)`.
        left: Which share of the variance before is left `(n,)`: 1 where nothing is told.
    """

    mean: np.ndarray
    left: np.ndarray


class Prior(NamedTuple):
    """What is known before.

    Attributes:
        middle: Mean `μ` of how often a vector was added.
        variance: Its variance `v`.
        noise: Variance of the noise in units of it, `λ`.
    """

    middle: float
    variance: float
    noise: float


def posterior(gram: np.ndarray, told: np.ndarray, middle: float, noise: float) -> Posterior:
    """Return `μ + (A + λ)⁻¹ (Y − μ A 1)`, and the diagonal of `λ (A + λ)⁻¹`.

    Args:
        gram: `A` `(n, n)`.
        told: `Y` `(n,)`.
        middle: `μ`.
        noise: `λ`, above 0.
    """
    factor = _factor(gram, noise)
    mean: np.ndarray = middle + cho_solve(factor, told - middle * gram.sum(axis=1))
    inverse, _ = dpotri(factor[0], lower=1)
    return Posterior(mean, noise * np.diag(inverse))


def middle_of(gram: np.ndarray, told: np.ndarray, noise: float) -> float:
    """Return the most likely `μ`, `1ᵀ (A + λ)⁻¹ Y / 1ᵀ (A + λ)⁻¹ A 1`; 0 where no vector has a length. Arguments as in `posterior`."""
    once = cho_solve(_factor(gram, noise), np.ones(len(told)))
    return float(once @ told) / (float(once @ gram.sum(axis=1)) or 1.0)


def likeliest(gram: np.ndarray, told: np.ndarray, length: float) -> Prior:
    """Return what was before, of all noises that are tried the one under which what is told is likeliest (type II maximum likelihood).

    With `M = Y − μ A 1` and `S = Mᵀ (A (A + λ))⁻¹ M` the likeliest variance is `S / n`, and twice the log-likelihood then
    `−n log S − log det (A + λ)`, but for what is the same for all noises.

    Args:
        gram: `A` `(n, n)`.
        told: `Y` `(n,)`.
        length: `Yᵀ A⁻¹ Y`, the squared length of the part of the sum of which the vectors tell.

    References:
        MacKay, *Neural Computation* 4, 1992, doi:10.1162/neco.1992.4.3.415.
    """
    unit = max(float(np.diag(gram).mean()), SMALLEST)
    return max((_likelihood(gram, told, length, unit * noise) for noise in NOISES), key=lambda pair: pair[0])[1]


def _likelihood(gram: np.ndarray, told: np.ndarray, length: float, noise: float) -> tuple[float, Prior]:
    factor, n = _factor(gram, noise), len(told)
    fitted, once = cho_solve(factor, np.stack([told, np.ones(n)], axis=1)).T
    middle = float(once @ told) / (float(once @ gram.sum(axis=1)) or 1.0)
    squares = (length - float(told @ fitted)) / noise - middle * float(once @ told)
    variance = max(squares / n, SMALLEST)
    return -n * np.log(variance) - 2 * float(np.log(np.diag(factor[0])).sum()), Prior(middle, variance, noise)


def _factor(gram: np.ndarray, noise: float) -> tuple[np.ndarray, bool]:
    """Return Cholesky's factor of `A + λ`."""
    ridge = gram.copy()
    ridge[np.diag_indices_from(ridge)] += noise
    found: tuple[np.ndarray, bool] = cho_factor(ridge, lower=True, overwrite_a=True, check_finite=False)
    return found
