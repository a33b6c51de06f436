"""From cells to numbers, and from repeated measurements to one label."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, InputError

MISSING = ("", "na", "n/a", "nan", "null", "none")
TRUE, FALSE = ("true", "yes"), ("false", "no")
POLICIES = ("drop", "majority", "mean", "first")


def to_number(cell: Any, endpoint: Endpoint, where: str) -> float:
    """Return a cell's number; NaN where nothing was measured.

    Raises:
        InputError: The cell is not a finite number, or not 0 or 1 for a class column.
    """
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return float("nan")
    text = str(cell).strip().lower()
    if text in MISSING:
        return float("nan")
    if endpoint.binary and text in TRUE + FALSE:
        return float(text in TRUE)
    try:
        value = float(text)
    except ValueError:
        raise _bad_label(cell, endpoint, where) from None
    if not np.isfinite(value) or (endpoint.binary and value not in (0.0, 1.0)):
        raise _bad_label(cell, endpoint, where)
    return value


def _bad_label(cell: Any, endpoint: Endpoint, where: str) -> InputError:
    if endpoint.binary:
        remedy = f"For a continuous column write the endpoint as '{endpoint.name} >= 5'."
        return InputError(f"label {cell!r} in column {endpoint.name!r}", where=where, expected="0, 1 or an empty cell", remedy=remedy)
    remedy = "Empty the cell or give the number; censored values such as '>10' cannot be used."
    return InputError(
        f"label {cell!r} in column {endpoint.name!r} is not a finite number",
        where=where,
        expected="a number or an empty cell",
        remedy=remedy,
    )


def merge_values(values: Sequence[float], endpoint: Endpoint, policy: str) -> float:
    """Return one label for repeated measurements of a molecule; NaN if none is left.

    A continuous value is averaged before its threshold is applied only under `mean`; otherwise each measurement becomes a
    label first. `drop` gives NaN when labels disagree, `majority` the more frequent label (NaN at a tie), `first` the first one.
    """
    known = np.array([value for value in values if not np.isnan(value)])
    if len(known) == 0:
        return float("nan")
    if policy == "first":
        return float(endpoint.label(known)[0])
    if policy == "mean" and not endpoint.binary:
        return float(endpoint.label(np.array([known.mean()]))[0])
    labels, counts = np.unique(endpoint.label(known), return_counts=True)
    if len(labels) == 1:
        return float(labels[0])
    best = labels[counts == counts.max()]
    return float(best[0]) if policy == "majority" and len(best) == 1 else float("nan")


def check_policy(policy: str, name: str) -> None:
    """Refuse an unknown conflict policy.

    Raises:
        ConfigError: It is unknown.
    """
    if policy not in POLICIES:
        raise ConfigError(f"{name} is {policy!r}", expected="one of " + ", ".join(POLICIES))
