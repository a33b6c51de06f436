"""Which annotated molecules a student learns from: the paper's modes, and others by released quantities only."""

from collections.abc import Mapping

import torch
from torch import Tensor

from fluid.distillation.acquisition import row_score
from fluid.distillation.checks import require_dimensions, require_shape
from fluid.errors import ConfigError

PLAIN_MODES = ("all", "balanced", "random", "best", "worst")
BY_HINT = {
    "covered": ("coverage", True),
    "certain": ("uncertainty", False),
    "uncertain": ("uncertainty", True),
    "agreed": ("disagreement", False),
    "disputed": ("disagreement", True),
}
"""Modes that take the molecules with the highest (true) or lowest (false) value of a score."""
MODES = (*PLAIN_MODES, *BY_HINT, "diverse")


def score_name(mode: str) -> str | None:
    """Return the name of the score that a mode needs, `cluster` for `diverse`; or `None`."""
    return "cluster" if mode == "diverse" else BY_HINT.get(mode, (None, True))[0]


def select(
    mode: str,
    soft_label: Tensor,
    confidence: Tensor,
    n: int,
    generator: torch.Generator,
    acquisition: Mapping[str, Tensor] | None = None,
    fill: bool = False,
) -> Tensor:
    """Return the rows to learn from.

    `all` and `random` draw at random, `best` and `worst` take the highest and lowest mean confidence over endpoints, `balanced` takes equal
    numbers below and from the middle of the first endpoint's soft label: 0.5 where labels are probabilities (all within [0, 1]), else
    the median. When one side is short, only as many are taken from the other (the paper's sample of "10,000 balanced" was 7,740), or with
    `fill` as many more as make `n` in all.

    `covered` takes the molecules that lie closest to any teacher's data, as far as coarse domain bins tell; `certain` and `uncertain` those
    with the lowest and highest mean uncertainty of the teachers; `agreed` and `disputed` those with the lowest and highest variance between
    them (query by committee, Seung et al. 1992, doi:10.1145/130385.130417); `diverse` takes from all clusters in turn. Equal ones are
    drawn at random; molecules whose score is unknown come last.

    Args:
        mode: One of `MODES`.
        soft_label: `(M, T)`; rows without any soft label are never taken.
        confidence: `(M, T)`.
        n: Most rows to take.
        generator: Random stream (on the CPU).
        acquisition: What the mode needs, see `score_name`: `coverage` `(M,)`, `uncertainty` and `disagreement` `(M, T)`, or `cluster`
            `(M,)`, whole numbers.
        fill: Of `balanced`: take `n` molecules even where one side is short.

    Returns:
        Row indices, int64, in no particular order.

    Raises:
        ConfigError: The mode is unknown, its score is missing, or `n` is below 1.
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
        return _balanced(rows, soft_label[rows, 0], n, fill)
    if mode in ("best", "worst"):
        return rows[torch.argsort(confidence[rows].mean(1), descending=mode == "best", stable=True)[:n]]
    return rows[torch.argsort(_place(mode, _hint(mode, acquisition or {}, len(soft_label))[rows]), stable=True)[:n]]


def _place(mode: str, score: Tensor) -> Tensor:
    """Return by what molecules are put in order, the first ones being taken; unknown scores come last."""
    if mode == "diverse":
        return _turn(score)
    return torch.nan_to_num(-score if BY_HINT[mode][1] else score, nan=torch.inf)


def _hint(mode: str, acquisition: Mapping[str, Tensor], n: int) -> Tensor:
    name = str(score_name(mode))
    if name not in acquisition:
        raise ConfigError(
            f"selection mode {mode!r} has no acquisition score {name!r}", remedy="Make the consensus again: it holds these scores."
        )
    require_shape(f"score {name!r}", acquisition[name], (n, *acquisition[name].shape[1:]))
    return row_score(acquisition, name)


def _turn(cluster: Tensor) -> Tensor:
    """Return the turn in which each molecule is taken: 0 for the first of each cluster, 1 for the second, ..."""
    order = torch.argsort(cluster, stable=True)
    _, sizes = torch.unique_consecutive(cluster[order], return_counts=True)
    first = torch.repeat_interleave(sizes.cumsum(0) - sizes, sizes)
    turn = torch.empty_like(order)
    turn[order] = torch.arange(len(order), device=order.device) - first
    return turn


def _balanced(rows: Tensor, values: Tensor, n: int, fill: bool) -> Tensor:
    rows, values = rows[~torch.isnan(values)], values[~torch.isnan(values)]
    is_probability = bool(((values >= 0) & (values <= 1)).all())
    middle = 0.5 if is_probability or not len(values) else float(values.median())
    sides = [rows[values >= middle], rows[values < middle]]
    half = n // 2
    each = min(half, *(len(side) for side in sides))
    taken = [half + max(0, half - len(other)) if fill else each for other in sides[::-1]]
    return torch.cat([side[:count] for side, count in zip(sides, taken, strict=True)])
