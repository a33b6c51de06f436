"""Whether numbers are written with a decimal comma."""

import re
from collections.abc import Iterable

NUMBER = r"\s*[<>=~≤≥]*\s*[-+−]?\s*(\d*){}(\d+)(?:[eE][-+]?\d+)?\s*%?\s*"
WITH_POINT, WITH_COMMA = re.compile(NUMBER.format(r"\.")), re.compile(NUMBER.format(","))
THOUSANDS = re.compile(r"\s*[<>=~≤≥]*\s*[-+−]?\s*[1-9]\d{0,2}(,\d{3})+(\.\d*)?\s*%?\s*")


def told_sign(cells: Iterable[object], delimiter: str) -> str:
    """Return the decimal sign of a file: a comma only if some cell has one and none has a point.

    `1,200` may be a thousand and more. Only where semicolons separate the cells, as programs write that have decimal commas, it is taken
    as a little more than one; elsewhere some other cell must have a comma that cannot part thousands.

    Args:
        cells: Cells of the columns that hold numbers.
        delimiter: The character between the file's cells; empty if there is none.
    """
    if delimiter == ",":
        return "."
    comma = False
    for cell in cells:
        if isinstance(cell, str) and WITH_POINT.fullmatch(cell):
            return "."
        if isinstance(cell, str) and WITH_COMMA.fullmatch(cell):
            comma |= delimiter == ";" or not THOUSANDS.fullmatch(cell)
        elif isinstance(cell, str) and THOUSANDS.fullmatch(cell):
            return "."
    return "," if comma else "."
