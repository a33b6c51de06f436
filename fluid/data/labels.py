"""From cells to readings: a number, a bound, nothing, or the reason why a measurement cannot be used."""

from collections.abc import Sequence
from math import isnan, nan
from typing import NamedTuple

import numpy as np

from fluid.data.bounds import ABOVE, BELOW, Bound
from fluid.data.class_words import ClassWords
from fluid.data.endpoints import Endpoint
from fluid.data.qualifiers import joined, sign_of, split_qualifier, tidy

MISSING = frozenset(("", "na", "n/a", "nan", "-nan", "null", "none", "#n/a", "#na", "#n/a n/a", "<na>", r"\n"))
"""What says that nothing was measured: an empty cell, and what spreadsheets, pandas and dumps of databases write for one."""
CLASSES = {"true": 1.0, "false": 0.0, "positive": 1.0, "negative": 0.0}
NO_CALL = frozenset(("equivocal", "inconclusive"))
REMEMBERED = 10_000
LARGEST = float(np.finfo(np.float32).max)
CENSORED_POLICIES = ("drop", "bound", "likelihood")

BAD, DROPPED, CENSORED = "bad", "dropped", "censored"
NO_NUMBER, NO_CLASS = "not a finite number", "not a class"
UNKNOWN_QUALIFIER, TWO_QUALIFIERS = "unknown qualifier", "two qualifiers that disagree"
BOUND_OF_CLASS = "a class cannot have a bound"
ABOUT, CENSORED_VALUE = "approximate value", "censored value"


class Unused(NamedTuple):
    """A measurement that cannot be used: why, and whether it is `bad` (a run stops unless told otherwise), `dropped` or `censored`."""

    reason: str
    sort: str


Reading = float | Bound | Unused
"""What a cell says; NaN: nothing was measured."""


class LabelReader:
    """Reads the cells of one endpoint.

    Args:
        endpoint: What the column holds: values, or classes (an equivocal or inconclusive call is a measurement that is dropped).
        words: How the column writes classes; `None`: 0, 1, true, false, positive, negative.
        missing: Further words that mean that nothing was measured.
        censored: What becomes of a bound where values are learnt: `drop`, `bound` (it counts as measured) or `likelihood`. Under a
            threshold a bound is always read.
        decimal: `.` or `,`, of values.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        words: ClassWords | None = None,
        missing: Sequence[str] = (),
        censored: str = "drop",
        decimal: str = ".",
    ) -> None:
        self.endpoint, self.censored, self.decimal = endpoint, censored, "." if endpoint.binary else decimal
        meaning = words.meaning if words else {"0": 0.0, "1": 1.0} | CLASSES if endpoint.binary else {}
        more = [word.strip().lower() for word in missing] + [word for word, value in meaning.items() if isnan(value)]
        self.classes = {word: value for word, value in meaning.items() if not isnan(value)}
        self.class_numbers = {number: value for word, value in self.classes.items() if (number := self.number(word)) is not None}
        self.missing = (MISSING - set(self.classes)).union(more, ("",))
        self.missing_numbers = frozenset(number for word in more if (number := self.number(word)) is not None)
        self._known: dict[str, Reading] = {}
        self._as_it_stands = self.decimal == "." and not self.missing_numbers and not words

    @property
    def expected(self) -> str:
        """What a cell may hold, for messages."""
        if not self.endpoint.binary:
            return "a number or an empty cell"
        return ", ".join(dict.fromkeys([*self.classes])) + " or an empty cell"

    def is_missing(self, cell: object) -> bool:
        """Return whether a cell says that nothing was measured."""
        if cell is None or cell != cell:
            return True
        text = tidy(cell).lower()
        return text in self.missing or bool(self.missing_numbers and self.number(text) in self.missing_numbers)

    def read(self, cell: object, qualifier: object = None) -> Reading:
        """Return what a cell, and the qualifier beside it, say; texts that come again are looked up."""
        if qualifier is not None or type(cell) is not str:
            return self._read(cell, qualifier)
        known = self._known.get(cell)
        if known is None:
            known = self._read(cell, None)
            if len(self._known) < REMEMBERED:
                self._known[cell] = known
        return known

    def _read(self, cell: object, qualifier: object) -> Reading:
        value = self._plain(cell) if self._as_it_stands and (qualifier is None or qualifier in ("", "=")) else None
        if value is not None:
            return value
        if self.is_missing(cell):
            return nan
        text = str(cell).replace(".", ",") if self.decimal == "," and isinstance(cell, float) else tidy(cell)
        return self._class(text, qualifier) if self.endpoint.binary else self._value(text, qualifier)

    def _plain(self, cell: object) -> float | None:
        """Return the number of a cell that is nothing but one, fast; `None` for any other."""
        try:
            value = float(cell) if type(cell) in (str, float, int) else nan  # type: ignore[arg-type]
        except (ValueError, OverflowError):
            return None
        if not -LARGEST <= value <= LARGEST or (self.endpoint.binary and value not in (0.0, 1.0)):
            return None
        return None if type(cell) is str and "_" in cell else value

    def number(self, text: str) -> float | None:
        """Return a finite number; `None` for other text, also for what only Python reads as a number (`1_000`)."""
        if self.decimal == ",":
            text = "_" if "." in text else text.replace(",", ".")
        try:
            value = nan if "_" in text else float(text.replace("−", "-"))
        except ValueError:
            return None
        return value if abs(value) <= LARGEST else None

    def _class(self, text: str, qualifier: object) -> Reading:
        found = self._class_of(text)
        if found is None and text.lower() in NO_CALL:
            return Unused(f"{text.lower()} call", DROPPED)
        if found is None:
            sign, rest = split_qualifier(text)
            found = self._class_of(rest) if sign == "=" else None
        if found is None:
            return Unused(NO_CLASS, BAD)
        return found if sign_of(qualifier) in ("", "=") else Unused(BOUND_OF_CLASS, BAD)

    def _class_of(self, text: str) -> float | None:
        known = self.classes.get(text.lower())
        number = self.number(text) if known is None else None
        return known if number is None else self.class_numbers.get(number)

    def _value(self, text: str, qualifier: object) -> Reading:
        own, rest = split_qualifier(text)
        value, beside = self.number(rest), sign_of(qualifier)
        if value is None or own is None:
            return Unused(NO_NUMBER, BAD)
        if beside is None:
            return Unused(UNKNOWN_QUALIFIER, BAD)
        sign = joined(own, beside)
        return Unused(TWO_QUALIFIERS, BAD) if sign is None else self._qualified(value, sign)

    def _qualified(self, value: float, sign: str) -> Reading:
        classes = self.endpoint.threshold is not None
        if sign in ("", "="):
            return value
        if sign == "~":
            return Unused(ABOUT, CENSORED) if classes or self.censored == "drop" else value
        if classes or self.censored == "likelihood":
            return Bound(value, ABOVE if sign.startswith(">") else BELOW, "=" not in sign)
        return Unused(CENSORED_VALUE, CENSORED) if self.censored == "drop" else value
