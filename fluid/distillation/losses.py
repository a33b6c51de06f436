"""Losses of a student against soft labels. Mask, weight and reduce are written once, in `weighted_mean`."""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from fluid.distillation.checks import require_shape

EPSILON = 1e-6


def weighted_mean(loss: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    """Return the weighted mean of element losses over known targets.

    Args:
        loss: Element losses, `(B, T)`.
        target: Targets; where NaN, the element does not count.
        weight: Weights of 0 or more, or `None` for 1.

    Returns:
        A scalar; 0 (with zero gradient) where the total weight is 0.
    """
    known = ~torch.isnan(target)
    share = known.to(loss.dtype) if weight is None else torch.where(known, weight.to(loss.dtype), torch.zeros_like(loss))
    total = share.sum()
    return (torch.where(known, loss, torch.zeros_like(loss)) * share).sum() / total.clamp(min=torch.finfo(loss.dtype).tiny)


def _known(target: Tensor, fill: float) -> Tensor:
    """Replace missing targets, so that no NaN enters a gradient."""
    return torch.nan_to_num(target, nan=fill)


def _check(logits: Tensor, target: Tensor, weight: Tensor | None) -> None:
    require_shape("target", target, tuple(logits.shape))
    if weight is not None:
        require_shape("weight", weight, tuple(logits.shape))


def soft_bce(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the binary cross-entropy with soft labels `−q log p − (1 − q) log(1 − p)`.

    Args:
        logits: `(B, T)`.
        target: Probabilities `(B, T)`; NaN is missing.
        weight: `(B, T)` or `None`.

    Raises:
        ShapeError: Shapes disagree.
    """
    _check(logits, target, weight)
    loss = F.binary_cross_entropy_with_logits(logits, _known(target, 0.5), reduction="none")
    return weighted_mean(loss, target, weight)


def kl_distillation(logits: Tensor, target: Tensor, weight: Tensor | None = None, temperature: float = 1.0) -> Tensor:
    """Return `T² KL(q_T ‖ p_T)` of probabilities softened by a temperature (Hinton et al. 2015, arXiv:1503.02531, sec. 2).

    Args:
        logits: Student logits, `(B, T)`.
        target: Teacher probabilities `(B, T)`; softened here. NaN is missing.
        weight: `(B, T)` or `None`.
        temperature: Above 0; the factor `T²` keeps the gradient's size.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: The temperature is not above 0, or not finite.
    """
    _check(logits, target, weight)
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature is {temperature}; expected a finite number above 0.")
    soft = torch.sigmoid(torch.logit(_known(target, 0.5), eps=EPSILON) / temperature)
    cross = F.binary_cross_entropy_with_logits(logits / temperature, soft, reduction="none")
    own = F.binary_cross_entropy(soft, soft, reduction="none")
    return weighted_mean((cross - own) * temperature**2, target, weight)


def mse_logits(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the squared error on logits (Ba & Caruana 2014, arXiv:1312.6184, eq. 1); probabilities are clipped at 10⁻⁶."""
    _check(logits, target, weight)
    return weighted_mean((logits - torch.logit(_known(target, 0.5), eps=EPSILON)) ** 2, target, weight)


def gaussian_nll(mean: Tensor, log_variance: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return `½ (log σ² + (y − μ)² / σ²)` without its constant (Kendall & Gal 2017, arXiv:1703.04977, eq. 8).

    Args:
        mean: `(B, T)`.
        log_variance: `(B, T)`.
        target: Values `(B, T)`; NaN is missing.
        weight: `(B, T)` or `None`.

    Raises:
        ShapeError: Shapes disagree.
    """
    _check(mean, target, weight)
    require_shape("log_variance", log_variance, tuple(mean.shape))
    loss = 0.5 * (log_variance + (_known(target, 0.0) - mean) ** 2 * torch.exp(-log_variance))
    return weighted_mean(loss, target, weight)


LOSSES: dict[str, Callable[..., Tensor]] = {"soft_bce": soft_bce, "kl_distillation": kl_distillation, "mse_logits": mse_logits}
"""Losses for probabilities, by name."""
