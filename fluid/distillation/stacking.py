"""Stacking: how much each teacher counts, learnt on molecules whose true labels are public."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from fluid.distillation.checks import Number, require_shape
from fluid.distillation.consensus import Opinion, average, shares
from fluid.errors import ConfigError

RIDGE = Number(1.0, above=True)
CLIP = 1e-3
STEPS = 20
HALVINGS = 2.0**-20


class Stack(NamedTuple):
    """A linear model of the truth on the teachers' answers (logits for probabilities).

    Attributes:
        coefficients: `(K, T)`.
        intercept: `(T,)`.
    """

    coefficients: Tensor
    intercept: Tensor


def scale_of(values: Tensor, weights: Tensor, is_class: Tensor) -> Tensor:
    """Return logits of probabilities (clipped at 10⁻³) and values as they are `(K, M, T)`; a missing answer is the mean of the others."""
    scaled = torch.where(is_class, torch.logit(values, eps=CLIP), values)
    mean = (shares(weights) * scaled).sum(0)
    return torch.where(weights > 0, scaled, mean)


@torch.no_grad()
def fit_stack(values: Tensor, weights: Tensor, labels: Tensor, is_class: Tensor, ridge: float = RIDGE.default) -> Stack:
    """Learn a stack (Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1; ridge as in Breiman 1996, doi:10.1007/BF00117832).

    Minimises the sum of losses over labelled molecules, logistic for probabilities and half squares for values, plus
    `ridge / 2 · (Σ_k (β_k − 1/K)² + intercept²)` over the `K` teachers that answer the endpoint: many labels decide alone, none would
    leave the log-opinion pool (the mean, for values).

    Args:
        values: Answers `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`; 0 where missing.
        labels: True labels `(M, T)`; NaN where unknown. 0 or 1 for probabilities.
        is_class: Which columns are probabilities, `(T,)` bool.
        ridge: Strength of the penalty; above 0.

    Raises:
        ConfigError: An endpoint has no labelled molecule that a teacher answered.
        ShapeError: Shapes disagree.
        ValueError: A class label is neither 0 nor 1, or `ridge` is not above 0.
    """
    require_shape("labels", labels, (values.shape[1], values.shape[2]))
    ridge = RIDGE.check("ridge", ridge)
    scaled = scale_of(values, weights, is_class)
    beta = values.new_zeros(values.shape[0] + 1, values.shape[2])
    for t in range(values.shape[2]):
        asked = torch.nonzero((weights[:, :, t] > 0).any(1)).squeeze(1)
        if len(asked):
            rows = _labelled_rows(labels[:, t], weights[:, :, t], t, bool(is_class[t]))
            solved = _solve(scaled[:, rows, t][asked].T, labels[rows, t], bool(is_class[t]), ridge)
            beta[torch.cat([asked, asked.new_tensor([len(values)])]), t] = solved.to(values.dtype)
    return Stack(beta[:-1], beta[-1])


def _labelled_rows(labels: Tensor, weights: Tensor, endpoint: int, is_class: bool) -> Tensor:
    """Return the rows of one endpoint that have a label and an answer."""
    rows = torch.nonzero(~torch.isnan(labels) & (weights > 0).any(0)).squeeze(1)
    if len(rows) == 0:
        raise ConfigError(
            f"consensus 'stacking' has no labelled molecule for endpoint {endpoint + 1}",
            expected="labels of some public molecules for every endpoint",
            remedy="Choose another consensus if there are none.",
        )
    if is_class and bool(((labels[rows] != 0) & (labels[rows] != 1)).any()):
        raise ValueError("labels of a classification endpoint have values other than 0 and 1; expected 0, 1, or NaN where unknown.")
    return rows


def _solve(features: Tensor, truth: Tensor, is_class: bool, ridge: float) -> Tensor:
    """Return coefficients and intercept `(K + 1,)` by Newton steps; one is enough for squares."""
    design = torch.cat([features, torch.ones_like(features[:, :1])], 1).double()
    centre = design.new_full((design.shape[1],), 1 / max(1, features.shape[1]))
    centre[-1] = 0.0
    beta, truth = centre.clone(), truth.double()
    for _ in range(STEPS if is_class else 1):
        predicted = torch.sigmoid(design @ beta) if is_class else design @ beta
        curvature = predicted * (1 - predicted) if is_class else torch.ones_like(predicted)
        slope = design.T @ (predicted - truth) + ridge * (beta - centre)
        step = torch.linalg.solve((design.T * curvature) @ design + ridge * torch.eye(len(beta)).to(design), slope)
        beta = beta - _length(step, slope, partial(_cost, design, truth, centre, is_class, ridge), beta) * step
    return beta


def _cost(design: Tensor, truth: Tensor, centre: Tensor, is_class: bool, ridge: float, beta: Tensor) -> float:
    score = design @ beta
    loss = F.softplus(score) - truth * score if is_class else 0.5 * (score - truth) ** 2
    return float(loss.sum() + 0.5 * ridge * ((beta - centre) ** 2).sum())


def _length(step: Tensor, slope: Tensor, cost: Callable[[Tensor], float], beta: Tensor) -> float:
    """Return the part of a Newton step that lowers the cost enough (Armijo)."""
    gain, now, length = float(slope @ step), cost(beta), 1.0
    while length > HALVINGS and cost(beta - length * step) > now - 1e-4 * length * gain:
        length /= 2
    return length


def apply_stack(values: Tensor, weights: Tensor, stack: Stack, is_class: Tensor) -> Opinion:
    """Return the opinion of a stack; a teacher's share is the size of its coefficient.

    Labels of probabilities are `σ(Σ_k β_k logit p_k + intercept)`, values the same without `σ`; neither need lie between the answers.
    """
    scaled = scale_of(values, weights, is_class)
    total = (stack.coefficients.unsqueeze(1) * scaled).sum(0) + stack.intercept
    share = shares(weights * stack.coefficients.abs().unsqueeze(1), weights)
    return Opinion(torch.where(is_class, torch.sigmoid(total), total), share, average(values, share).dispersion)
