"""What a cell of a file says: nothing, a number, a bound, a number with something around it, or a text."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fluid.data.bounds import ABOVE, BELOW
from fluid.data.endpoints import Endpoint
from fluid.data.label_remedies import NUMBER as PLAIN
from fluid.data.labels import LARGEST, LabelReader
from fluid.data.labels import MISSING as WRITTEN_MISSING
from fluid.data.qualifiers import SIGNS, split_qualifier, tidy

MISSING, NUMBER, COMMA, BOUND, AROUND, TEXT = "missing", "number", "decimal comma", "bound", "number with text", "text"
NUMBERS = (NUMBER, COMMA, BOUND)
"""Kinds of cells that have one value."""
WITH_POINT, WITH_COMMA = (LabelReader(Endpoint("value", "regression", "unit"), decimal=sign) for sign in ".,")
SIDES = {"<": BELOW, "<=": BELOW, ">": ABOVE, ">=": ABOVE, "~": 0}
UNITS = """
    pM nM uM µM mM M mol/L nmol/L umol/L µmol/L mmol/L log log10 -log ng/mL ug/mL µg/mL mg/mL mg/kg mg/L g/L g/mol % percent
    min s h hr d ms nm cm/s 10-6cm/s 10^-6cm/s nm/s mL/min/kg uL/min/mg µL/min/mg µL/min/10^6cells L/kg kcal/mol kJ/mol eV Da K °C mV fold
"""
KNOWN_UNITS = frozenset(UNITS.lower().split())
SURROUNDED = re.compile(
    rf"[<>=~]?\s*{PLAIN}\s*(?:(?:±|\+/-|\+-)\s*{PLAIN}|(?:-|–|\.\.|to)\s*{PLAIN})|[-+]?\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?"
)
"""A number with its error, a range, and commas between thousands."""
WITH_UNIT = re.compile(rf"(?:[<>=~≤≥]|<=|>=)?\s*{PLAIN}\s*([^\d\s].*)")
LONGEST_NUMBER = 40
LONGEST_MISSING = max(len(word) for word in WRITTEN_MISSING if word[:1].isalpha())
FIRST_OF_ABOUT = frozenset(sign[:2] for sign in SIGNS if sign[:1].isalpha())
"""First letters of the words for about so much: `about`, `approx.`, `ca.`."""


class Cell(NamedTuple):
    """What a cell says.

    Attributes:
        kind: One of this module's kinds.
        value: Its number; NaN without one.
        side: -1 where the true value lies below it, +1 above, 0 where it was measured.
        comma: Whether its decimals stand after a comma.
    """

    kind: str
    value: float = math.nan
    side: int = 0
    comma: bool = False


NOTHING, WORDS, SURROUNDINGS = Cell(MISSING), Cell(TEXT), Cell(AROUND)


def read_cell(text: str) -> Cell:
    """Return what a cell says, whichever decimal sign its column has; numbers, bounds and missing ones are those of the intake."""
    if text[:1].isalpha() and (len(text) > LONGEST_NUMBER or (len(text) > LONGEST_MISSING and text[:2].lower() not in FIRST_OF_ABOUT)):
        return WORDS
    value = WITH_POINT.number(text)
    if value is not None:
        return Cell(NUMBER, value)
    plain = tidy(text)
    if WITH_POINT.is_missing(plain):
        return NOTHING
    return WORDS if len(plain) > LONGEST_NUMBER else _measurement(plain) or _around(plain)


def _measurement(text: str) -> Cell | None:
    """Return what a short text says that is a number, with or without a sign in front; `None` of any other."""
    sign, rest = split_qualifier(text)
    value = WITH_POINT.number(rest)
    comma = value is None
    value = WITH_COMMA.number(rest) if comma else value
    if sign is None or value is None:
        return None
    return Cell(BOUND if sign in SIDES else COMMA if comma else NUMBER, value, SIDES.get(sign, 0), comma)


def _around(text: str) -> Cell:
    """Return whether a short text that is no measurement holds a number with something around it."""
    with_unit = WITH_UNIT.fullmatch(text)
    return SURROUNDINGS if SURROUNDED.fullmatch(text) or (with_unit and is_unit(with_unit[1])) else WORDS


def plain_numbers(texts: Sequence[str]) -> np.ndarray | None:
    """Return the numbers of cells that are all nothing but one, `(N,)`; `None` if any is anything else."""
    try:
        values = np.array(list(map(float, texts)))
    except ValueError:
        return None
    return values if (np.abs(values) <= LARGEST).all() and "_" not in "".join(texts) else None


def is_unit(text: str) -> bool:
    """Return whether a text is the name of a unit, as far as we know them."""
    return text.strip().lower().replace("μ", "µ").replace(" ", "") in KNOWN_UNITS
