"""Geometric median of the teachers' vectors of endpoints, by Weiszfeld's iteration."""

import torch
from torch import Tensor

from fluid.distillation.checks import Number
from fluid.distillation.consensus import Opinion, shares
from fluid.distillation.robust import median, spread_of, weighted_median
from fluid.distillation.slices import row_slices

ITERATIONS = Number(32, low=1, whole=True)
SMOOTHING = 1e-6


def distances(deviation: Tensor, answered: Tensor) -> Tensor:
    """Return the Euclidean length `(K, M)` of deviations `(K, M, T)` over the endpoints a teacher answered, scaled up to all of them.

    The largest deviation is taken out before squaring, so that no square overflows.
    """
    largest = deviation.abs().amax(2, keepdim=True).clamp(min=torch.finfo(deviation.dtype).tiny)
    share = deviation.shape[2] / answered.sum(2).clamp(min=1)
    squares = ((deviation / largest) ** 2).sum(2).clamp(min=0.5)  # at least 1, but for a length of 0
    return largest[:, :, 0] * (squares * share).sqrt()


def geometric_median(
    values: Tensor, weights: Tensor, unit: Tensor, iterations: float = ITERATIONS.default, with_spread: bool = True
) -> Opinion:
    """Return the vector `(T,)` per molecule with the least weighted sum of distances to the teachers' vectors.

    Weiszfeld's iteration `y ← Σ_k w_k y_k / d_k / Σ_k w_k / d_k`, smoothed near `d = 0` and started at the median of each endpoint;
    with one endpoint that is the answer (Pillutla et al. 2022, arXiv:1912.13445, alg. 2). A teacher that is off in one endpoint loses
    weight in all. Less than half of the weight cannot move the label without bound; the pull of one teacher does not grow with its
    distance. Support and dispersion are those of the median.

    Limits: endpoints must be on one scale, so they are divided by `unit`. A vector with missing endpoints counts by the ones that it
    has. Converges slowly where the median lies close to one teacher's vector.

    Args:
        values: `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`, 0 or more; 0 where missing.
        unit: Size of a typical difference of each endpoint, `(T,)`; above 0.
        iterations: Number of steps; always carried out in full, so that no molecule depends on another.
        with_spread: Whether the dispersion is wanted; else it is 0.

    Raises:
        ValueError: `iterations` is not a whole number of 1 or more.
    """
    steps = int(ITERATIONS.check("iterations", iterations))
    if values.shape[2] == 1:
        return median(values, weights, with_spread)
    answered, centre = weights > 0, weighted_median(values, weights)
    for _ in range(steps):
        deviation = torch.where(answered, (values - centre) / unit, 0.0)
        near = 1 / distances(deviation, answered).clamp(min=SMOOTHING)
        centre = (shares(weights * near.unsqueeze(2), weights) * values).sum(0)
    return Opinion(centre, shares(weights), spread_of(values, weights, centre) if with_spread else torch.zeros_like(centre))


def typical_difference(values: Tensor, weights: Tensor) -> Tensor:
    """Return the mean over molecules of the median absolute deviation between teachers, `(T,)`; 1 where it is 0.

    No teacher with less than half of the weight can make it large.
    """
    total, known = values.new_zeros(values.shape[2]), values.new_zeros(values.shape[2])
    for rows in row_slices(values):
        some, weight = values[:, rows], weights[:, rows]
        total = total + spread_of(some, weight, weighted_median(some, weight)).sqrt().sum(0)
        known = known + (weight > 0).any(0).sum(0)
    return torch.where(total > 0, total / known.clamp(min=1), torch.ones_like(total))
