"""The Gaussian counterpart of Dawid–Skene: bias and variance of each teacher, learnt from agreement alone."""

from typing import NamedTuple

import torch
from torch import Tensor

from fluid.distillation.checks import Number, require_dimensions, require_known, require_not_infinite, require_shape
from fluid.distillation.consensus import Opinion, average, shares
from fluid.distillation.robust import weighted_median
from fluid.distillation.slices import row_slices

ITERATIONS = Number(50, whole=True)
TOLERANCE = Number(1e-5)
FLOOR = Number(0.1, above=True, high=1.0)


class GaussianEM(NamedTuple):
    """What EM found.

    Attributes:
        posterior: Most probable values `(M, T)`; NaN where no teacher answered.
        bias: What each teacher adds to the truth, `(K, T)`; its median over teachers is 0.
        variance: Variance of each teacher's error, `(K, T)`.
        iterations: EM steps that were made.
    """

    posterior: Tensor
    bias: Tensor
    variance: Tensor
    iterations: int


def gaussian_em(
    predictions: Tensor,
    weights: Tensor | None = None,
    *,
    iterations: float = ITERATIONS.default,
    tolerance: float = TOLERANCE.default,
    floor: float = FLOOR.default,
) -> GaussianEM:
    """Estimate true values, and each teacher's bias and error variance, by EM.

    The model is `y_km = z_m + b_k + ε_km`, `ε_km ~ N(0, s_k²)`, with a flat prior for the truth `z` (Warfield et al. 2008,
    doi:10.1098/rsta.2008.0040, for one dimension). Starting from the median of the teachers:

        M: b_k = mean_m(y_km − z_m) − median over teachers,  s_k² = mean_m((y_km − b_k − z_m)² + v_m)
        E: z_m = v_m Σ_k (y_km − b_k) / s_k²,  v_m = 1 / Σ_k 1 / s_k²

    The likelihood grows without bound as one variance goes to 0, so variances stay above `floor` times their median. Endpoints
    are separate; one teacher is believed; of two, the result leans on the start.

    Limits: a bias common to most teachers cannot be seen; labels may lie outside of the teachers' answers by a bias. Teachers are
    taken as independent given the truth. Depends on all molecules of the batch.

    Args:
        predictions: Values `(K, M, T)`; NaN is missing.
        weights: Weight of each answer `(K, M, T)`, or `None` for 1.
        iterations: Most EM steps; 0 is the weighted mean without biases.
        tolerance: Stop when no variance changes by more than this share of itself.
        floor: Smallest variance, as a share of the teachers' median; above 0, at most 1.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: An answer is infinite, a weight is negative, infinite or NaN, or an option is out of range.
    """
    require_dimensions("predictions", predictions, 3, "(teachers, molecules, endpoints)")
    require_not_infinite("predictions", predictions)
    answered = ~torch.isnan(predictions)
    if weights is not None:
        require_shape("weights", weights, tuple(predictions.shape))
        require_known("weights", weights)
    weights = answered.to(predictions.dtype) if weights is None else torch.where(answered, weights.to(predictions.dtype), 0.0)
    return expectation_maximisation(torch.nan_to_num(predictions, nan=0.0), weights, iterations, tolerance, floor)


class _State(NamedTuple):
    """Bias and variance `(T, K)`, truth `(T, M)` and its variance `(T, M)`."""

    bias: Tensor
    variance: Tensor
    truth: Tensor
    doubt: Tensor


@torch.no_grad()
def expectation_maximisation(values: Tensor, weights: Tensor, iterations: float, tolerance: float, floor: float) -> GaussianEM:
    """Run `gaussian_em` on finite values `(K, M, T)` and weights that are 0 where missing."""
    steps = int(ITERATIONS.check("iterations", iterations))
    tolerance, floor = TOLERANCE.check("tolerance", tolerance), FLOOR.check("floor", floor)
    weight, answers = weights.permute(2, 0, 1).contiguous(), values.permute(2, 0, 1).contiguous()
    known = weight.sum(1) > 0
    start = torch.cat([weighted_median(values[:, rows], weights[:, rows]) for rows in row_slices(values)]).T.contiguous()
    flat = answers.new_ones(weight.shape[:2])
    state = expect(answers, weight, 0 * flat, flat)
    if steps:
        state = maximise(answers, weight, state._replace(truth=start, doubt=torch.zeros_like(start)), floor)
    done, change = 0, torch.inf
    while done < steps and change > tolerance:
        before = state.variance
        state = maximise(answers, weight, expect(answers, weight, state.bias, before), floor)
        moved = ((state.variance - before).abs() / state.variance).nan_to_num(nan=0.0)
        done, change = done + 1, float(moved.max()) if moved.numel() else 0.0
    state = expect(answers, weight, state.bias, state.variance)
    return GaussianEM(state.truth.masked_fill(~known, torch.nan).T, state.bias.T, state.variance.T, done)


def expect(answers: Tensor, weight: Tensor, bias: Tensor, variance: Tensor) -> _State:
    """Return the state with the most probable truth and its variance."""
    precision = (1 / variance).unsqueeze(1)  # (T, 1, K)
    total = (precision @ weight).squeeze(1)
    corrected = precision @ (weight * (answers - bias.unsqueeze(2)))
    tiny = torch.finfo(weight.dtype).tiny
    return _State(bias, variance, corrected.squeeze(1) / total.clamp(min=tiny), torch.where(total > 0, 1 / total.clamp(min=tiny), 0.0))


def maximise(answers: Tensor, weight: Tensor, state: _State, floor: float) -> _State:
    """Return the state with the biases and variances that fit its truth best."""
    count = weight.sum(2)
    asked = count > 0
    count = count.clamp(min=torch.finfo(weight.dtype).tiny)
    residual = answers - state.truth.unsqueeze(1)
    bias = (weight * residual).sum(2) / count
    bias = torch.where(asked, bias - typical_value(bias, asked), torch.zeros_like(bias))
    square = ((residual - bias.unsqueeze(2)) * weight.sqrt()).square_().sum(2)
    doubt = (weight @ state.doubt.unsqueeze(2)).squeeze(2)
    variance = ((square + doubt) / count).clamp(max=torch.finfo(weight.dtype).max ** 0.75)
    least = (floor * typical_value(variance, asked)).clamp(min=torch.finfo(weight.dtype).tiny ** 0.5)
    return state._replace(bias=bias, variance=torch.where(asked, torch.maximum(variance, least), torch.ones_like(variance)))


def typical_value(values: Tensor, asked: Tensor) -> Tensor:
    """Return the median `(T, 1)` over the teachers that were asked `(T, K)`."""
    return weighted_median(values.T.unsqueeze(1), asked.T.unsqueeze(1).to(values.dtype)).T


def opinion_of(found: GaussianEM, values: Tensor, weights: Tensor) -> Opinion:
    """Return the mean of answers without biases, weighted by precision."""
    share = shares(weights / found.variance.unsqueeze(1), weights)
    return average(values - found.bias.unsqueeze(1), share)
