"""One additive model from those of several companies: the product of what each knows of the weights.

Company `k` knows a weight vector `w_k` with the precision `P_k = I + c S_k`, where `S_k` is about `Σ_i x_i x_iᵀ` over its molecules. The
product of the experts, with the prior counted once, is normal with the mean `(I + c Σ_k S_k)⁻¹ Σ_k P_k w_k` (Hinton 2002,
doi:10.1162/089976602760128018; Deisenroth & Ng 2015, arXiv:1502.02843). Only sums over the companies enter.

`S_k` is not known, only its diagonal: the evidence. What is off the diagonal is taken from public molecules, whose substructures go
together in much the same way: `S_k = N_k^½ ((1 − ρ) I + ρ R) N_k^½`, where `R` has the correlations (not centred) of public features.
"""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.linalg import LinearOperator, cg

from fluid.errors import InputError

TOLERANCE, MAX_STEPS = 1e-6, 1000


class Product(NamedTuple):
    """The weights `(D,)` of the product of experts, its bias, and the variance of each weight `(D,)` by the diagonal."""

    weights: np.ndarray
    bias: float
    variance: np.ndarray


class Experts(NamedTuple):
    """What `K` companies know of one endpoint: weights `(K, D)`, biases `(K,)` and evidence `(K, D)`."""

    weights: np.ndarray
    bias: np.ndarray
    counts: np.ndarray


def multiply_experts(experts: Experts, public: csr_matrix, curvature: float, correlation: float) -> Product:
    """Return the product of experts.

    The bias, which has no prior, is the mean of theirs by size: a company's most frequent substructure is in nearly all its molecules.

    Args:
        experts: Of one endpoint.
        public: Features of public molecules `(M, D)`, for their correlations.
        curvature: `c`.
        correlation: `ρ` in [0, 1].

    Raises:
        InputError: The equations could not be solved.
    """
    norms = np.sqrt(np.asarray(public.power(2).sum(axis=0)).ravel())
    scale = np.divide(1.0, norms, out=np.zeros_like(norms), where=norms > 0)
    roots = np.sqrt(curvature * experts.counts.astype(np.float64))
    weights = experts.weights.astype(np.float64)

    def correlated(vectors: np.ndarray) -> np.ndarray:
        """Return `((1 − ρ) I + ρ R) v` for vectors `(K, D)`; a substructure that no public molecule has correlates with itself alone."""
        if not correlation:
            return vectors
        product = scale * (public.T @ (public @ (scale * vectors).T)).T
        return vectors + correlation * np.where(norms > 0, product - vectors, 0.0)

    def precision(vector: np.ndarray) -> np.ndarray:
        """Return `(I + c Σ_k S_k) v`."""
        total: np.ndarray = vector + (roots * correlated(roots * vector)).sum(axis=0)
        return total

    known = (weights + roots * correlated(roots * weights)).sum(axis=0)
    diagonal = 1.0 + (roots**2).sum(axis=0)
    size = len(diagonal)
    start, scaled = known / diagonal, LinearOperator((size, size), matvec=lambda vector: vector / diagonal)
    equations = LinearOperator((size, size), matvec=precision, dtype=np.float64)
    found, failed = cg(equations, known, x0=start, rtol=TOLERANCE, maxiter=MAX_STEPS, M=scaled)
    if failed:
        raise InputError("the product of the experts could not be found", remedy="Set distillation.experts.correlation=0.")
    return Product(found, mean_bias(experts), 1.0 / diagonal)


def mean_bias(experts: Experts) -> float:
    """Return the mean of the biases by size; the plain mean where no size is known."""
    sizes = experts.counts.max(axis=1).astype(np.float64)
    return float(np.average(experts.bias, weights=sizes if sizes.sum() else None))
