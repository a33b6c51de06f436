"""Robust centres per molecule and endpoint: weighted median and trimmed mean, in closed form and without sorting."""

import torch
from torch import Tensor

from fluid.distillation.checks import Number
from fluid.distillation.consensus import Opinion, averaged, shares

TRIM = Number(0.25, high=0.49)
GAUSSIAN = 1.4826  # standard deviations per median absolute deviation of a Gaussian


def ranks(values: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return the weight of the answers below, and of those below or equal, each answer `(K, M, T)`.

    Equal answers get equal ranks, so nothing depends on the order of teachers. Takes `K²` comparisons of `(M, T)` planes.
    """
    below, upto = torch.zeros_like(values), torch.zeros_like(values)
    for value, weight in zip(values.unbind(0), weights.unbind(0), strict=True):
        below = below + torch.where(value < values, weight, 0.0)
        upto = upto + torch.where(value <= values, weight, 0.0)
    return below, upto


def middle_share(values: Tensor, weights: Tensor) -> Tensor:
    """Return the share `(K, M, T)` of each answer in the weighted median: all for the middle one, or half for each of two."""
    below, upto = ranks(values, weights)
    half = weights.sum(0) / 2
    inside = ((below < half) & (half < upto)).to(values.dtype)
    edge = 0.5 * ((upto == half).to(values.dtype) + (below == half).to(values.dtype))
    group = (upto - below).clamp(min=torch.finfo(values.dtype).tiny)
    return (inside + edge) * weights / group


def spread_of(values: Tensor, weights: Tensor, centre: Tensor) -> Tensor:
    """Return the square of the weighted median absolute deviation from the centre, scaled to a Gaussian's variance, `(M, T)`."""
    deviation = (values - centre).abs()
    share = middle_share(deviation, weights)
    return (GAUSSIAN * torch.where(share > 0, share * deviation, torch.zeros_like(deviation)).sum(0)) ** 2


def median(values: Tensor, weights: Tensor) -> Opinion:
    """Return the weighted median; between two middle answers, their mean (Yin et al. 2018, arXiv:1803.01498, def. 1).

    Less than half of the weight cannot move the label beyond the answers of the others. All answers count for the support. The
    dispersion is the squared median absolute deviation.

    Limits: with few teachers it is noisier than the mean (variance `π/2` times as large for many Gaussian answers); a minority that is
    right is never heard.

    Args:
        values: `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`, 0 or more; 0 where missing.
    """
    label = (middle_share(values, weights) * values).sum(0)
    return Opinion(label, shares(weights), spread_of(values, weights, label))


def trimmed_mean(values: Tensor, weights: Tensor, trim: float = TRIM.default) -> Opinion:
    """Return the mean without the lowest and the highest share `trim` of the weight (Yin et al. 2018, arXiv:1803.01498, def. 2).

    An answer of which only a part lies beyond the cut keeps the rest of its weight, so that `trim = 0` is the mean, the limit
    ½ is the median, and copying every teacher changes nothing.

    Limits: resists teachers with less than `trim` of the weight in all: at least `1 / K` for one of `K`.

    Args:
        values: `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`, 0 or more; 0 where missing.
        trim: Share of the weight cut off on each side, below 0.5.

    Raises:
        ValueError: `trim` is out of range.
    """
    below, upto = ranks(values, weights)
    total = weights.sum(0)
    cut = total * TRIM.check("trim", trim)
    kept = (torch.minimum(upto, total - cut) - torch.maximum(below, cut)).clamp(min=0)
    group = (upto - below).clamp(min=torch.finfo(values.dtype).tiny)
    return averaged(values, shares(kept * weights / group))
