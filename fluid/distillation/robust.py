"""Robust centres per molecule and endpoint: weighted median and trimmed mean, in closed form."""

from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import Number
from fluid.distillation.consensus import Opinion, average, shares

TRIM = Number(0.25, high=0.49)
GAUSSIAN = 1.4826  # standard deviations per median absolute deviation of a Gaussian


class Ranks(NamedTuple):
    """Answers in ascending order, `(K, M, T)` each.

    Attributes:
        values: The answers.
        order: Teacher of each.
        weight: Its weight.
        upto: Weight of all answers before it, and its own.
    """

    values: Tensor
    order: Tensor
    weight: Tensor
    upto: Tensor


def rank_answers(values: Tensor, weights: Tensor, stable: bool) -> Ranks:
    """Sort the answers `(K, M, T)` of all teachers, with their weights; `stable` keeps equal ones in the order of teachers."""
    ordered, order = torch.sort(values, dim=0, stable=stable)
    weight = weights.gather(0, order)
    return Ranks(ordered, order, weight, weight.cumsum(0))


def weighted_median(values: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted median over teachers `(M, T)`: the answer at half of the weight, or the mean of the two that meet there."""
    if not len(values):
        return values.sum(0)
    ranks, half = rank_answers(values, weights, stable=False), weights.sum(0, keepdim=True) / 2
    lower = (ranks.upto < half).sum(0, keepdim=True)
    upper = (ranks.upto <= half).sum(0, keepdim=True).clamp(max=len(values) - 1)
    return (0.5 * (ranks.values.gather(0, lower) + ranks.values.gather(0, upper))).squeeze(0)


def spread_of(values: Tensor, weights: Tensor, centre: Tensor) -> Tensor:
    """Return the square of the weighted median absolute deviation from the centre, scaled to a Gaussian's variance, `(M, T)`."""
    return (GAUSSIAN * weighted_median((values - centre).abs(), weights)) ** 2


def median(values: Tensor, weights: Tensor, with_spread: bool = True) -> Opinion:
    """Return the weighted median; between two middle answers, their mean (Yin et al. 2018, arXiv:1803.01498, def. 1).

    Less than half of the weight cannot move the label beyond the answers of the others. All answers count for the support. The
    dispersion is the squared median absolute deviation.

    Limits: with few teachers it is noisier than the mean (variance `π/2` times as large for many Gaussian answers); a minority that is
    right is never heard.

    Args:
        values: `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`, 0 or more; 0 where missing.
        with_spread: Whether the dispersion is wanted; else it is 0.
    """
    label = weighted_median(values, weights)
    return Opinion(label, shares(weights), spread_of(values, weights, label) if with_spread else torch.zeros_like(label))


def trimmed_mean(values: Tensor, weights: Tensor, trim: float = TRIM.default) -> Opinion:
    """Return the mean without the lowest and the highest share `trim` of the weight (Yin et al. 2018, arXiv:1803.01498, def. 2).

    An answer of which only a part lies beyond the cut keeps the rest of its weight, so that `trim = 0` is the mean, the limit
    ½ is the median, and copying every teacher changes nothing. Of equal answers at the cut the first teacher's goes first.

    Limits: resists teachers with at most `trim` of the weight in all: at least `1 / K` for one of `K`.

    Args:
        values: `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`, 0 or more; 0 where missing.
        trim: Share of the weight cut off on each side, below 0.5.

    Raises:
        ValueError: `trim` is out of range.
    """
    ranks, total = rank_answers(values, weights, stable=True), weights.sum(0)
    cut = total * TRIM.check("trim", trim)
    kept = (torch.minimum(ranks.upto, total - cut) - torch.maximum(ranks.upto - ranks.weight, cut)).clamp(min=0)
    return average(values, shares(torch.zeros_like(kept).scatter(0, ranks.order, kept)))
