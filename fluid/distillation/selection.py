"""Which annotated molecules a student learns from: the paper's modes."""

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_shape
from fluid.errors import ConfigError

MODES = ("all", "balanced", "random", "best", "worst")


def select(mode: str, soft_label: Tensor, confidence: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """Return the rows to learn from.

    `all` and `random` draw at random, `best` and `worst` take the highest and lowest mean confidence over endpoints, `balanced` takes equal
    numbers below and from the middle of the first endpoint's soft label: 0.5 where labels are probabilities (all within [0, 1]), else
    the median. When one side is short, only as many are taken from the other (the paper's sample of "10,000 balanced" was 7,740).

    Args:
        mode: One of `MODES`.
        soft_label: `(M, T)`; rows without any soft label are never taken.
        confidence: `(M, T)`.
        n: Most rows to take.
        generator: Random stream (on the CPU).

    Returns:
        Row indices, int64, in no particular order.

    Raises:
        ConfigError: The mode is unknown or `n` is below 1.
        ShapeError: Shapes disagree.
    """
    require_dimensions("soft_label", soft_label, 2, "(molecules, endpoints)")
    require_shape("confidence", confidence, tuple(soft_label.shape))
    if mode not in MODES or n < 1:
        raise ConfigError(f"selection mode {mode!r} with n = {n}", expected="n of at least 1 and one of " + ", ".join(MODES))
    rows = torch.nonzero(~torch.isnan(soft_label).all(1)).squeeze(1)
    rows = rows[torch.randperm(len(rows), generator=generator).to(rows.device)]
    if mode in ("all", "random"):
        return rows[:n]
    if mode == "balanced":
        return _balanced(rows, soft_label[rows, 0], n)
    order = torch.argsort(confidence[rows].mean(1), descending=mode == "best", stable=True)
    return rows[order[:n]]


def _balanced(rows: Tensor, values: Tensor, n: int) -> Tensor:
    rows, values = rows[~torch.isnan(values)], values[~torch.isnan(values)]
    is_probability = bool(((values >= 0) & (values <= 1)).all())
    middle = 0.5 if is_probability or not len(values) else float(values.median())
    sides = [rows[values >= middle], rows[values < middle]]
    each = min(n // 2, *(len(side) for side in sides))
    return torch.cat([side[:each] for side in sides])
