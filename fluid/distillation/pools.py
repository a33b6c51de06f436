"""Opinion pools: means of probabilities on another scale."""

import torch
from torch import Tensor

from fluid.distillation.checks import Number
from fluid.distillation.consensus import Opinion, average

CLIP = Number(1e-6, high=0.49, above=True)


def clip_to_teachers(label: Tensor, values: Tensor, share: Tensor) -> Tensor:
    """Keep labels `(M, T)` between the lowest and the highest answer that has a share: takes away what rounding and clipping add."""
    has_say = share > 0
    if not len(values):
        return label
    low = torch.where(has_say, values, torch.full_like(values, torch.inf)).amin(0)
    high = torch.where(has_say, values, torch.full_like(values, -torch.inf)).amax(0)
    return torch.where(has_say.any(0), torch.minimum(torch.maximum(label, low), high), label)


def log_opinion_pool(values: Tensor, share: Tensor, is_class: Tensor, clip: float = CLIP.default) -> Opinion:
    """Return the weighted geometric mean of odds, `σ(Σ_k w_k logit p_k)` (Genest & Zidek 1986, doi:10.1214/ss/1177013825, sec. 3).

    It is the density nearest to the teachers' in `Σ_k w_k KL(q ‖ p_k)`, is as sharp as the sure teachers, and does not change when all
    teachers update on the same evidence. Values are averaged: this is the pool of Gaussians of one common variance; for a variance of
    each teacher's own, weigh by `inverse_variance_weights`, which pools such Gaussians.

    Limits: one teacher that is wrongly certain can outweigh all others; `clip` bounds its log odds.

    Args:
        values: Probabilities or values, `(K, M, T)`, finite everywhere.
        share: Weights `(K, M, T)` that sum to 1 over teachers.
        is_class: Which columns are probabilities, `(T,)` bool.
        clip: Probabilities are moved to at least this far from 0 and 1.

    Raises:
        ValueError: `clip` is out of range.
    """
    odds = (share * torch.logit(values, eps=CLIP.check("clip", clip))).sum(0)
    mean = average(values, share)
    label = clip_to_teachers(torch.where(is_class, torch.sigmoid(odds), mean.label), values, share)
    return Opinion(label, share, mean.dispersion)
