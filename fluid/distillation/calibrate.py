"""Recalibration of each teacher before its answers are combined: a temperature that is given, or learnt from agreement."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from fluid.distillation.robust import middle
from fluid.distillation.slices import row_slices

TEMPERATURE = "teacher_temperature"
LEARNT = "learnt"
CLIP = 1e-6
MOST = 10.0
STEPS = 8

Temperature = float | Sequence[float] | str


def check_temperature(value: object) -> Temperature:
    """Return what may be said of teacher temperatures: a number, one per teacher, or `learnt`.

    Raises:
        ValueError: The value is neither numbers nor `learnt`, or a temperature is not a finite number above 0.
    """
    if value == LEARNT:
        return LEARNT
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_number(each, value) for each in value]
    return _number(value, value)


def _number(number: object, given: object) -> float:
    if not isinstance(number, (int, float)) or isinstance(number, bool) or not 0 < number < math.inf:
        raise ValueError(f"{TEMPERATURE} is {given!r}; expected {LEARNT!r}, a finite number above 0, or one per teacher.")
    return float(number)


def cooled(values: Tensor, temperature: Tensor, is_class: Tensor) -> Tensor:
    """Return probabilities `σ(logit(p) / temperature)`; values pass, and so do probabilities at temperature 1.

    Guo et al. 2017 (arXiv:1706.04599, sec. 4.2).

    Args:
        values: `(K, M, T)`.
        temperature: Above 0, `(K, 1, T)` or what broadcasts to it.
        is_class: Which columns are probabilities, `(T,)` bool.
    """
    softer = torch.sigmoid(torch.logit(values, eps=CLIP) / temperature)
    return torch.where(is_class & (temperature != 1), softer, values)


@torch.no_grad()
def learnt_temperature(values: Tensor, weights: Tensor) -> Tensor:
    """Return for each teacher the temperature that brings it closest to the others' mean, over their median, `(K, 1, T)`.

    For the inverse temperature `a` this minimises the cross-entropy `−Σ_m w [q log σ(a l) + (1 − q) log(1 − σ(a l))]`, where `l` are the
    teacher's logits and `q` the weighted mean probability of all others; it is convex, and solved by Newton steps within [0.1, 10].
    A mean of others is softer than any truth, so that all temperatures lean above 1; divided by their median over teachers they
    bring everybody to the scale of the typical teacher.

    Limits: that scale may be wrong, which agreement cannot show. A teacher without any other to agree with counts as temperature 1.
    Depends on all molecules of the batch.

    Args:
        values: Probabilities `(K, M, T)`, finite everywhere.
        weights: `(K, M, T)`, 0 or more; 0 where missing.
    """
    inverse = values.new_ones(values.shape[0], 1, values.shape[2])
    for _ in range(STEPS):
        slope, curvature = torch.zeros_like(inverse), torch.zeros_like(inverse)
        for rows in row_slices(values):
            steps = _slopes(values[:, rows], weights[:, rows], inverse)
            slope, curvature = slope + steps[0], curvature + steps[1]
        step = torch.where(curvature > 0, slope / curvature.clamp(min=torch.finfo(values.dtype).tiny), 0.0)
        inverse = (inverse - step.clamp(-1, 1)).clamp(1 / MOST, MOST)
    asked = (weights > 0).any(1, keepdim=True).to(values.dtype)
    return torch.where(asked > 0, middle(1 / inverse, asked).clamp(min=1 / MOST) ** -1 / inverse, 1.0)


def _slopes(values: Tensor, weights: Tensor, inverse: Tensor) -> tuple[Tensor, Tensor]:
    """Return first and second derivatives of the cross-entropy, summed over molecules, `(K, 1, T)`."""
    rest = weights.sum(0) - weights
    together = (weights * values).sum(0)
    others = torch.where(rest > 0, (together - weights * values) / rest.clamp(min=torch.finfo(values.dtype).tiny), 0.0).clamp(0, 1)
    counts = weights * (rest > 0)
    logits = torch.logit(values, eps=CLIP)
    own = torch.sigmoid(inverse * logits)
    slope = (counts * (own - others) * logits).sum(1, keepdim=True)
    return slope, (counts * own * (1 - own) * logits**2).sum(1, keepdim=True)


def given_temperature(temperature: float | Sequence[float], values: Tensor) -> Tensor:
    """Return given temperatures as a tensor that fits the answers, `(K, 1, 1)` or `(1, 1, 1)`.

    Raises:
        ValueError: The number of temperatures is neither 1 nor that of teachers.
    """
    numbers = list(temperature) if isinstance(temperature, Sequence) else [temperature]
    if len(numbers) not in (1, values.shape[0]):
        raise ValueError(f"{TEMPERATURE} has {len(numbers)} entries; expected {values.shape[0]}, one per teacher.")
    return values.new_tensor(numbers).reshape(-1, 1, 1)
