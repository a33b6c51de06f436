"""From cells to numbers: one number, or nothing, per cell; anything else is an error that names the cell."""

from typing import Any

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import InputError

MISSING = frozenset(("", "na", "n/a", "nan", "null", "none"))
CLASSES = {"true": 1.0, "false": 0.0, "positive": 1.0, "negative": 0.0}
NO_CALL = frozenset(("equivocal", "inconclusive"))
CENSORED = ("<", ">", "=", "~", "≤", "≥")
LARGEST = float(np.finfo(np.float32).max)


def is_missing(cell: Any) -> bool:
    """Return whether a cell says that nothing was measured: empty, None, NaN, `NA`, `N/A`, `null` or `none`."""
    return cell is None or str(cell).strip().lower() in MISSING


def to_number(cell: Any, endpoint: Endpoint, where: str) -> float:
    """Return a cell's number; NaN where nothing was measured.

    Args:
        cell: Text, number, bool or None.
        endpoint: What the column holds: values, or classes (0, 1, true, false, positive, negative; an equivocal or inconclusive call
            is nothing measured).
        where: File and row, for the message.

    Raises:
        InputError: The cell is not a finite number, or not a class where classes are expected.
    """
    if is_missing(cell):
        return float("nan")
    text = str(cell).strip().lower()
    if endpoint.binary and text in CLASSES:
        return CLASSES[text]
    if endpoint.binary and text in NO_CALL:
        return float("nan")
    value = _parse(text)
    if value is None or abs(value) > LARGEST or (endpoint.binary and value not in (0.0, 1.0)):
        raise _bad_label(cell, endpoint, where)
    return value


def _parse(text: str) -> float | None:
    """Return a number; None for other text, also for what only Python reads as a number (`1_000`)."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def _bad_label(cell: Any, endpoint: Endpoint, where: str) -> InputError:
    shown = repr(cell if len(str(cell)) <= 40 else str(cell)[:40] + "…")
    what = f"label {shown} in column {endpoint.column!r} is not " + ("a class" if endpoint.binary else "a finite number")
    expected = "0, 1, true, false, positive, negative or an empty cell" if endpoint.binary else "a number or an empty cell"
    return InputError(what, where=where, expected=expected, remedy=_remedy(str(cell).strip(), endpoint))


def _remedy(text: str, endpoint: Endpoint) -> str:
    if text.startswith(CENSORED):
        return "Censored values cannot be used: empty the cell, or write a class column of 0 and 1."
    if _parse(text.replace(",", ".")) is not None and "," in text:
        return "Write decimals with a point."
    if endpoint.binary and _parse(text) is not None:
        return f"For a column of values write the endpoint with a threshold, e.g. '{endpoint.column} >= 5'."
    return "Correct the cell, or empty it."
