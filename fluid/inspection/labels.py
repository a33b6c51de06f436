"""From cells to labels as the settings that fit a file would read them, and why some are none."""

import math
from dataclasses import dataclass

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.inspection.cells import BOUND, MISSING, NUMBERS, SIGNS, Cell, read_cell
from fluid.inspection.names import NO_CALL
from fluid.inspection.plan import Target

NATIVE = {"true": 1.0, "false": 0.0, "positive": 1.0, "negative": 0.0, "0": 0.0, "1": 1.0}
NO_CLASS, NO_NUMBER = "not a class", "not a number"
ABOUT, BOUND_ON_BOTH_SIDES, CENSORED = "about so much", "a bound with both classes beyond it", "a bound"


@dataclass(frozen=True, slots=True)
class Label:
    """What a cell says of an endpoint.

    Attributes:
        value: The label; NaN without one.
        side: Of a bound, on which side of it the true value lies.
        why: Why a cell that says something is no label; else empty.
        bad: Whether the cell cannot be read at all.
    """

    value: float = math.nan
    side: int = 0
    why: str = ""
    bad: bool = False


NOTHING = Label()


class LabelReader:
    """Reads the cells of one endpoint.

    Args:
        target: The endpoint.
        missing: Further words that mean that nothing was measured.
    """

    def __init__(self, target: Target, missing: tuple[str, ...]) -> None:
        self.endpoint = target.endpoint
        self.words = {word: 1.0 for word in target.positive} | {word: 0.0 for word in target.negative} or NATIVE
        self.missing = {word.lower() for word in (*missing, *target.missing)} - set(self.words)

    def read(self, text: str, qualifier: str = "") -> Label:
        """Return what a cell, and the qualifier beside it, say."""
        cell, word = read_cell(text), text.strip().lower()
        if (cell.kind == MISSING and word not in self.words) or word in self.missing:
            return NOTHING
        return self._class(word, cell) if self.endpoint.binary else self._value(cell, qualifier)

    def _class(self, word: str, cell: Cell) -> Label:
        found = self.words.get(word, self.words.get(f"{cell.value:g}" if cell.kind in NUMBERS and cell.kind != BOUND else ""))
        if found is not None:
            return Label(found)
        return Label(why=f"{word} call") if word in NO_CALL else Label(why=NO_CLASS, bad=True)

    def _value(self, cell: Cell, qualifier: str) -> Label:
        if cell.kind not in NUMBERS:
            return Label(why=NO_NUMBER, bad=True)
        sign = qualifier.strip().strip("'\"")
        side = cell.side or SIGNS.get(sign, 0)
        if side:
            return certain_label(cell.value, side, self.endpoint)
        if sign in ("~", "≈") or cell.kind == BOUND:
            return Label(why=ABOUT)
        return Label(float(self.endpoint.label(np.array(cell.value))))


def certain_label(bound: float, side: int, endpoint: Endpoint) -> Label:
    """Return the class that all values beyond a bound have; of values, nothing but the side.

    Args:
        bound: The bound.
        side: +1: the true value lies above it; -1: below.
        endpoint: Gives direction and threshold.
    """
    if endpoint.threshold is None:
        return Label(side=side, why=CENSORED)
    upwards = endpoint.direction.startswith(">")
    active = upwards == (side > 0)
    certain = bound >= endpoint.threshold if side > 0 else bound <= endpoint.threshold
    return Label(float(active), side) if certain else Label(side=side, why=BOUND_ON_BOTH_SIDES)
