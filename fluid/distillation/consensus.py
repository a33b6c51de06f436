"""What teachers say together: mask, weigh and reduce, written once.

Every method returns an `Opinion`: labels, the share that each teacher has in them, and how far the teachers lie apart.
`conclude` turns it into a `Consensus`.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_known, require_shape

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


class Opinion(NamedTuple):
    """What a method makes of the votes.

    Attributes:
        label: Probability or value `(M, T)`; any number where no teacher answered.
        share: Share of each teacher in the label, `(K, M, T)`; 0 where it did not answer, 1 in sum where any did.
        dispersion: Squared distance between teachers `(M, T)`, in squared units of the endpoint; 0 where they agree.
    """

    label: Tensor
    share: Tensor
    dispersion: Tensor


def shares(weights: Tensor, spare: Tensor | None = None) -> Tensor:
    """Return weights that sum to 1 over teachers; where all are 0, the `spare` weights; where these are 0 too, 0.

    Args:
        weights: `(K, M, T)`, 0 or more.
        spare: `(K, M, T)` or `None`.
    """
    total = weights.sum(0, keepdim=True)
    if spare is not None:
        weights = torch.where(total > 0, weights, spare)
        total = weights.sum(0, keepdim=True)
    return weights / total.clamp(min=torch.finfo(weights.dtype).tiny)


def normalised_weights(weights: Tensor, predictions: Tensor) -> Tensor:
    """Return weights `(K, M, T)` that are 0 for missing answers and sum to 1 over teachers.

    Where all weights of answered teachers are 0, these teachers weigh alike. Where no teacher answered, all are 0.
    """
    answered = ~torch.isnan(predictions)
    weights = torch.where(answered, torch.nan_to_num(weights, nan=0.0), torch.zeros_like(predictions))
    return shares(weights, answered.to(weights.dtype))


def binary_entropy(probs: Tensor) -> Tensor:
    """Return the entropy in nats of Bernoulli probabilities; 0 at 0 and 1, NaN at NaN."""
    return -(torch.xlogy(probs, probs) + torch.xlogy(1 - probs, 1 - probs))


def average(values: Tensor, share: Tensor) -> Opinion:
    """Return the weighted mean, with the weighted variance as dispersion.

    Args:
        values: `(K, M, T)`, finite everywhere.
        share: `(K, M, T)`, see `Opinion`.
    """
    label = (share * values).sum(0)
    deviation = torch.where(share > 0, values - label, torch.zeros_like(values))  # an answer without a say may be huge
    return Opinion(label, share, (share * deviation**2).sum(0))


def effective_teachers(share: Tensor) -> Tensor:
    """Return the effective number of teachers `1 / Σ w²` `(M, T)`; 0 where no teacher has a share."""
    squares = (share**2).sum(0)
    return torch.where(squares > 0, 1 / squares.clamp(min=torch.finfo(share.dtype).tiny), torch.zeros_like(squares))


def conclude(label: Tensor, dispersion: Tensor, support: Tensor, is_class: Tensor) -> Consensus:
    """Return the consensus of labels with their dispersion and support, `(M, T)` each.

    Confidence is `1 − H(label) / log 2` for probabilities, and `1 / (1 + d / s²)` for values, where `d` is the dispersion between
    teachers and `s²` the variance of the labels over molecules. Where numbers are so large that this is undefined, it is 0.
    """
    known = support > 0
    class_confidence = 1 - binary_entropy(label.clamp(0, 1)) / LOG2
    confidence = torch.where(is_class, class_confidence, agreement(label, dispersion, known)).clamp(0, 1)
    confidence = torch.nan_to_num(torch.where(known, confidence, torch.zeros_like(label)), nan=0.0)
    return Consensus(torch.where(known, label, torch.full_like(label, torch.nan)), confidence, support)


def weighted_consensus(predictions: Tensor, weights: Tensor, is_class: Tensor) -> Consensus:
    """Combine predictions with given weights: `soft_label = Σ_k w_k p_k`; confidence as in `conclude`.

    Args:
        predictions: Probabilities or values, `(K, M, T)`; NaN is missing.
        weights: Weights of 0 or more, `(K, M, T)`; need not be normalised.
        is_class: Which columns are probabilities, `(T,)` bool.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: The weight of an answer is negative, infinite or NaN.
    """
    require_dimensions("predictions", predictions, 3, "(teachers, molecules, endpoints)")
    require_shape("weights", weights, tuple(predictions.shape))
    require_shape("is_class", is_class, (predictions.shape[2],))
    require_known("weights", torch.where(torch.isnan(predictions), torch.zeros_like(weights), weights))
    opinion = average(torch.nan_to_num(predictions, nan=0.0), normalised_weights(weights, predictions))
    return conclude(opinion.label, opinion.dispersion, effective_teachers(opinion.share), is_class)


def agreement(mean: Tensor, variance: Tensor, known: Tensor) -> Tensor:
    """Return `1 / (1 + v / s²)`: 1 where teachers agree, 1/2 where they differ as much as molecules do."""
    count = known.sum(0).clamp(min=1)
    centre = (mean * known).sum(0) / count
    spread = (((mean - centre) ** 2) * known).sum(0) / count
    return 1 / (1 + variance / spread.clamp(min=torch.finfo(mean.dtype).tiny))
