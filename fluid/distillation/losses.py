"""Losses of a student against soft labels, as pure functions of tensors.

Each loss is one equation for its elements (`elements.py`); mask, weigh and reduce are written once, in `weighted_mean`. All take `(B, T)`
tensors; NaN targets are missing, and a weight of 0 is the same as a missing target. `DistillationLoss` is the `nn.Module` over them.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from fluid.distillation import elements
from fluid.distillation.elements import logit
from fluid.distillation.loss_checks import check_loss, require_positive


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


def mask_targets(target: Tensor, rows: Tensor | None = None, endpoints: Tensor | None = None) -> Tensor:
    """Return targets `(B, T)` that are missing outside of a mask of rows `(B,)` and one of endpoints `(T,)`, both bool."""
    if rows is not None:
        target = target.masked_fill(~rows.unsqueeze(1), torch.nan)
    return target if endpoints is None else target.masked_fill(~endpoints, torch.nan)


def fill_missing(target: Tensor, fill: float) -> Tensor:
    """Replace missing targets, so that no NaN enters a gradient."""
    return torch.nan_to_num(target, nan=fill)


def soft_bce(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the binary cross-entropy with soft labels `−q log p − (1 − q) log(1 − p)`; hard labels are soft labels of 0 and 1.

    Args:
        logits: `(B, T)`.
        target: Probabilities `(B, T)`; NaN is missing.
        weight: `(B, T)` or `None`.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A target is outside [0, 1], or a weight is negative or not finite.
    """
    check_loss(logits, {"target": target, "weight": weight}, probs=True)
    return weighted_mean(elements.bce(logits, fill_missing(target, 0.5)), target, weight)


def kl_distillation(logits: Tensor, target: Tensor, weight: Tensor | None = None, temperature: float = 1.0) -> Tensor:
    """Return `T² KL(q_T ‖ p_T)` of probabilities softened by a temperature (Hinton et al. 2015, arXiv:1503.02531, sec. 2).

    At high temperature this is an eighth of `mse_logits`.

    Args:
        logits: Student logits, `(B, T)`.
        target: Teacher probabilities `(B, T)`; softened here. NaN is missing.
        weight: `(B, T)` or `None`.
        temperature: Above 0; the factor `T²` keeps the gradient's size.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: The temperature is not above 0, or not finite; or a target or weight as in `soft_bce`.
    """
    check_loss(logits, {"target": target, "weight": weight}, probs=True)
    require_positive("temperature", temperature)
    return weighted_mean(elements.softened_kl(logits, fill_missing(target, 0.5), temperature), target, weight)


def mse_logits(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the squared error on logits (Ba & Caruana 2014, arXiv:1312.6184, eq. 1); probabilities are clipped at 10⁻⁶."""
    check_loss(logits, {"target": target, "weight": weight}, probs=True)
    return weighted_mean(elements.squared_error(logits, logit(fill_missing(target, 0.5))), target, weight)


def huber_logits(logits: Tensor, target: Tensor, weight: Tensor | None = None, delta: float = 1.0) -> Tensor:
    """Return Huber's loss on logits: as `mse_logits / 2` where they are closer than `delta`, linear beyond; see `huber`."""
    check_loss(logits, {"target": target, "weight": weight}, probs=True)
    require_positive("delta", delta)
    return weighted_mean(elements.huber(logits, logit(fill_missing(target, 0.5)), delta), target, weight)


def huber(mean: Tensor, target: Tensor, weight: Tensor | None = None, delta: float = 1.0) -> Tensor:
    """Return `½ d²` up to a distance `d` of `delta`, `δ (|d| − ½ δ)` beyond (Huber 1964, doi:10.1214/aoms/1177703732).

    A soft label that is far off pulls by `delta` at most.

    Args:
        mean: `(B, T)`.
        target: Values `(B, T)`; NaN is missing.
        weight: `(B, T)` or `None`.
        delta: Above 0.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: `delta` is not above 0, or a weight is negative or not finite.
    """
    check_loss(mean, {"target": target, "weight": weight}, probs=False)
    require_positive("delta", delta)
    return weighted_mean(elements.huber(mean, fill_missing(target, 0.0), delta), target, weight)


def mse(mean: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the squared error `(y − μ)²`; arguments and errors as in `huber`."""
    check_loss(mean, {"target": target, "weight": weight}, probs=False)
    return weighted_mean(elements.squared_error(mean, fill_missing(target, 0.0)), target, weight)


def gaussian_nll(
    mean: Tensor, log_variance: Tensor, target: Tensor, weight: Tensor | None = None, variance: Tensor | None = None
) -> Tensor:
    """Return `½ (log σ² + ((y − μ)² + v) / σ²)` without its constant (Kendall & Gal 2017, arXiv:1703.04977, eq. 8).

    With a variance `v` of the teacher, this is its expectation over the teacher's Gaussian: heteroscedastic distillation, whose minimum is
    at `μ = y` and `σ² = v`. Without one, `v = 0`.

    Args:
        mean: `(B, T)`.
        log_variance: `(B, T)`.
        target: Values `(B, T)`; NaN is missing.
        weight: `(B, T)` or `None`.
        variance: The teacher's variance of 0 or more `(B, T)`, or `None`; NaN is 0.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A weight or variance is negative, or a weight is not finite.
    """
    check_loss(mean, {"target": target, "log_variance": log_variance, "weight": weight, "variance": variance}, probs=False)
    if variance is not None and not torch.compiler.is_compiling() and bool(torch.any(variance < 0)):
        raise ValueError("variance has negative values; expected 0 or more, or NaN where unknown.")
    known = None if variance is None else fill_missing(variance, 0.0)
    return weighted_mean(elements.gaussian(mean, log_variance, fill_missing(target, 0.0), known), target, weight)


def ranking(scores: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean over pairs of molecules of `KL(σ(t_i − t_j) ‖ σ(s_i − s_j))`: the teacher's order with its certainty.

    RankNet (Burges et al. 2005, doi:10.1145/1102351.1102363, eq. 3) with soft targets, so that the minimum is 0. A shift of all scores
    changes nothing: mix it with a pointwise loss to keep the level. A pair weighs the product of its molecules' weights.

    Args:
        scores: Logits or values, `(B, T)`.
        target: Target scores (logits of soft labels, or values) `(B, T)`; NaN is missing.
        weight: `(B, T)` or `None`.

    Returns:
        A scalar; 0 where no endpoint has two known targets.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A weight is negative or not finite.
    """
    check_loss(scores, {"target": target, "weight": weight}, probs=False)
    return ranking_mean(scores, target, weight)


def ranking_mean(scores: Tensor, target: Tensor, weight: Tensor | None) -> Tensor:
    """Return `ranking` of arguments that were checked before."""
    others = ~torch.eye(len(scores), dtype=torch.bool, device=scores.device).unsqueeze(2)
    pair_target = (target.unsqueeze(1) - target.unsqueeze(0)).masked_fill(~others, torch.nan)
    pair_weight = None if weight is None else weight.unsqueeze(1) * weight.unsqueeze(0)
    return weighted_mean(elements.pair_kl(scores, fill_missing(target, 0.0)), pair_target, pair_weight)


def ranking_logits(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return `ranking` against the logits of soft labels `(B, T)`."""
    check_loss(logits, {"target": target, "weight": weight}, probs=True)
    return ranking(logits, logit(target), weight)


def mix_losses(soft: tuple[Tensor, Tensor, Tensor], hard: tuple[Tensor, Tensor, Tensor], alpha: float) -> Tensor:
    """Return the weighted mean over soft and hard elements together, in shares `1 − alpha` and `alpha`.

    `Σ w ((1 − α) l_soft + α l_hard) / Σ w` where both targets are known (Hinton et al. 2015, arXiv:1503.02531, sec. 2); a molecule that has
    only one of them counts with that one's share. `alpha = 0` is the soft loss alone, 1 the hard loss alone.

    Args:
        soft: Element losses, targets and weights `(B, T)` of the soft labels.
        hard: The same of measured labels.
        alpha: Share of measured labels, in [0, 1].
    """
    shares = (1 - alpha, alpha)
    losses, targets, weights = (torch.cat(planes) for planes in zip(soft, hard, strict=True))
    factor = torch.cat([torch.full_like(part[2], share) for part, share in zip((soft, hard), shares, strict=True)])
    return weighted_mean(losses, targets, weights * factor)


LOSSES: dict[str, Callable[..., Tensor]] = {
    "soft_bce": soft_bce,
    "kl_distillation": kl_distillation,
    "mse_logits": mse_logits,
    "huber_logits": huber_logits,
}
"""Losses for probabilities as functions, by name; `element_losses.ELEMENT_LOSSES` holds all that a configuration can choose."""
