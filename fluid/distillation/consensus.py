"""The weighted consensus of teachers: mask, weigh and reduce, written once.

Every method here is a set of teacher weights; `weighted_consensus` turns weights into soft labels.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_shape

LOG2 = math.log(2.0)


class Consensus(NamedTuple):
    """What all teachers together say, `(M, T)` each.

    Attributes:
        soft_label: Probability or value; NaN where no teacher answered.
        confidence: In [0, 1]; 0 where no teacher answered.
        support: Effective number of teachers `1 / Σ w²` (Kish) behind the soft label; 0 where no teacher answered.
    """

    soft_label: Tensor
    confidence: Tensor
    support: Tensor


def normalised_weights(weights: Tensor, predictions: Tensor) -> Tensor:
    """Return weights `(K, M, T)` that are 0 for missing answers and sum to 1 over teachers.

    Where all weights of answered teachers are 0, these teachers weigh alike. Where no teacher answered, all are 0.
    """
    answered = ~torch.isnan(predictions)
    weights = torch.where(answered, torch.nan_to_num(weights, nan=0.0), torch.zeros_like(predictions))
    total = weights.sum(0, keepdim=True)
    weights = torch.where(total > 0, weights, answered.to(weights.dtype))
    return weights / weights.sum(0, keepdim=True).clamp(min=torch.finfo(weights.dtype).tiny)


def binary_entropy(probs: Tensor) -> Tensor:
    """Return the entropy in nats of Bernoulli probabilities; 0 at 0 and 1, NaN at NaN."""
    return -(torch.xlogy(probs, probs) + torch.xlogy(1 - probs, 1 - probs))


def weighted_consensus(predictions: Tensor, weights: Tensor, is_class: Tensor) -> Consensus:
    """Combine predictions with given weights.

    `soft_label = Σ_k w_k p_k`. Confidence is `1 − H(soft_label) / log 2` for probabilities, and `1 / (1 + v / s²)` for values,
    where `v` is the weighted variance between teachers and `s²` the variance of the soft labels over molecules.

    Args:
        predictions: Probabilities or values, `(K, M, T)`; NaN is missing.
        weights: Weights of 0 or more, `(K, M, T)`; need not be normalised.
        is_class: Which columns are probabilities, `(T,)` bool.

    Raises:
        ShapeError: Shapes disagree.
    """
    require_dimensions("predictions", predictions, 3, "(teachers, molecules, endpoints)")
    require_shape("weights", weights, tuple(predictions.shape))
    require_shape("is_class", is_class, (predictions.shape[2],))
    share = normalised_weights(weights, predictions)
    known = share.sum(0) > 0
    values = torch.nan_to_num(predictions, nan=0.0)
    mean = (share * values).sum(0)
    variance = (share * (values - mean) ** 2).sum(0)
    class_confidence = 1 - binary_entropy(mean.clamp(0, 1)) / LOG2
    confidence = torch.where(is_class, class_confidence, agreement(mean, variance, known)).clamp(0, 1)
    support = torch.where(known, 1 / (share**2).sum(0).clamp(min=torch.finfo(share.dtype).tiny), torch.zeros_like(mean))
    return Consensus(
        torch.where(known, mean, torch.full_like(mean, torch.nan)), torch.where(known, confidence, torch.zeros_like(mean)), support
    )


def agreement(mean: Tensor, variance: Tensor, known: Tensor) -> Tensor:
    """Return `1 / (1 + v / s²)`: 1 where teachers agree, 1/2 where they differ as much as molecules do."""
    count = known.sum(0).clamp(min=1)
    centre = (mean * known).sum(0) / count
    spread = (((mean - centre) ** 2) * known).sum(0) / count
    return 1 / (1 + variance / spread.clamp(min=torch.finfo(mean.dtype).tiny))
