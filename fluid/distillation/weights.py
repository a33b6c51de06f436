"""Teacher weights: what makes one consensus differ from another. All return `(K, M, T)`, not normalised."""

import math

import torch
from torch import Tensor

from fluid.distillation.checks import require_range, require_shape
from fluid.distillation.consensus import LOG2


def mean_weights(predictions: Tensor) -> Tensor:
    """Return equal weights: the plain mean (FedMD's consensus, Li & Wang 2019, arXiv:1910.03581)."""
    return torch.ones_like(predictions)


def similarity_weights(predictions: Tensor, similarity: Tensor, power: float = 2.0) -> Tensor:
    """Return `similarity ** power`: a teacher weighs by how close the molecule lies to its private data.

    Hanser et al. 2025 (doi:10.1038/s42256-025-00991-2, Methods) use power 2; higher powers approach the nearest teacher alone.

    Args:
        predictions: `(K, M, T)`.
        similarity: Representative similarity of each teacher's domain bin, `(K, M)` in [0, 1].
        power: 0 is the plain mean.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A similarity is outside [0, 1], or the power is negative or not finite.
    """
    require_shape("similarity", similarity, tuple(predictions.shape[:2]))
    require_range("similarity", similarity, 0.0, 1.0)
    if not 0 <= power < math.inf:
        raise ValueError(f"power is {power}; expected a finite number of 0 or more.")
    return (similarity.to(predictions.dtype) ** power).unsqueeze(2).expand_as(predictions)


def uncertainty_weights(predictions: Tensor, epistemic: Tensor, aleatoric: Tensor, is_class: Tensor, sharpness: float = 2.0) -> Tensor:
    """Return weights that fall with a teacher's uncertainty.

    Probabilities: `(1 − H / log 2) ** sharpness`, where `H` is the total entropy (epistemic + aleatoric) in nats. Values: inverse of the
    total variance, which is the best linear combination when teachers are unbiased (Kendall & Gal 2017, arXiv:1703.04977).

    Args:
        predictions: `(K, M, T)`.
        epistemic: `(K, M, T)`, 0 or more.
        aleatoric: `(K, M, T)`, 0 or more.
        is_class: Which columns are probabilities, `(T,)` bool.
        sharpness: Exponent for probabilities; 0 is the plain mean.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: An uncertainty is negative, or the sharpness is negative or not finite.
    """
    for name, plane in (("epistemic", epistemic), ("aleatoric", aleatoric)):
        require_shape(name, plane, tuple(predictions.shape))
        require_range(name, plane, 0.0, float("inf"))
    if not 0 <= sharpness < math.inf:
        raise ValueError(f"sharpness is {sharpness}; expected a finite number of 0 or more.")
    total = epistemic + aleatoric
    sure = (1 - total / LOG2).clamp(min=0) ** sharpness
    return torch.where(is_class, sure, 1 / total.clamp(min=1e-6))
