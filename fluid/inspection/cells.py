"""What a cell of a file says: nothing, a number, a bound, a number with something around it, or a text."""

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fluid.data.labels import MISSING as WRITTEN_MISSING

MISSING, NUMBER, COMMA, BOUND, AROUND, TEXT = "missing", "number", "decimal comma", "bound", "number with text", "text"
NUMBERS = (NUMBER, COMMA, BOUND)
"""Kinds of cells that have one value."""
SIGNS = {"<": -1, "<=": -1, "<<": -1, "≤": -1, ">": 1, ">=": 1, ">>": 1, "≥": 1, "=": 0, "==": 0, "~": 0, "≈": 0}
"""On which side of what is written the true value lies."""
PLAIN = r"[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?"
BOUNDED = re.compile(rf"(<<|>>|<=|>=|==|[<>=≤≥~≈])\s*({PLAIN})")
WITH_COMMA = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
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
UNSEEN = {0x2212: "-", **dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF), "")}
"""A minus sign of printers becomes ours; signs that nobody sees go."""


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


LONGEST_MISSING = max(len(word) for word in WRITTEN_MISSING if word[:1].isalpha())
NOTHING, WORDS, SURROUNDINGS = Cell(MISSING), Cell(TEXT), Cell(AROUND)


def read_cell(text: str) -> Cell:
    """Return what a cell says."""
    value = _plain(text)
    if value is not None:
        return Cell(NUMBER, value)
    stripped = (text if text.isascii() else text.translate(UNSEEN)).strip()
    if stripped.lower() in WRITTEN_MISSING:
        return NOTHING
    if len(stripped) > LONGEST_NUMBER or (stripped[0].isalpha() and stripped[0].isascii()):
        return WORDS
    return _unusual(stripped)


def plain_numbers(texts: Sequence[str]) -> np.ndarray | None:
    """Return the numbers of cells that are all nothing but one, `(N,)`; `None` if any is anything else."""
    try:
        values = np.array(list(map(float, texts)))
    except ValueError:
        return None
    return values if np.isfinite(values).all() and "_" not in "".join(texts) else None


def _plain(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def _unusual(text: str) -> Cell:
    """Return what a short text that does not begin with a letter says."""
    value = _plain(text)
    if value is not None:
        return Cell(NUMBER, value)
    if WITH_COMMA.fullmatch(text):
        return Cell(COMMA, float(text.replace(",", ".")), comma=True)
    if bound := BOUNDED.fullmatch(text):
        kind = NUMBER if set(bound[1]) == {"="} else BOUND
        return Cell(kind, float(bound[2].replace(",", ".")), SIGNS[bound[1]], "," in bound[2])
    with_unit = WITH_UNIT.fullmatch(text)
    return SURROUNDINGS if SURROUNDED.fullmatch(text) or (with_unit and is_unit(with_unit[1])) else WORDS


def is_unit(text: str) -> bool:
    """Return whether a text is the name of a unit, as far as we know them."""
    return text.strip().lower().replace("μ", "µ").replace(" ", "") in KNOWN_UNITS
