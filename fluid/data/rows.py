"""Rows as they stand in a file, and what every reader checks."""

import csv
import difflib
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from fluid.errors import InputError

MOST_NAMES = 20


class RawRow(NamedTuple):
    """One row as it stands in the file.

    Attributes:
        row: Number of the row, from 1 after the header.
        smiles: SMILES text; empty if there is none.
        values: The asked columns, as text or number or None.
        problem: Why the row holds no molecule, if the reader knows; else empty.
    """

    row: int
    smiles: str
    values: tuple[Any, ...]
    problem: str = ""


@dataclass(slots=True)
class Cursor:
    """How many rows a reader has passed; names the place when the file turns out to be broken."""

    row: int = 0


@contextmanager
def explain_faults(path: Path, cursor: Cursor) -> Iterator[None]:
    """Turn what goes wrong while reading into one line.

    Raises:
        InputError: The file is not UTF-8, torn, not of its format, or cannot be read.
    """
    try:
        yield
    except UnicodeDecodeError:
        raise InputError("the text is not UTF-8", where=f"{path}, after row {cursor.row}", remedy="Save the file as UTF-8.") from None
    except (csv.Error, zlib.error, EOFError, pa.ArrowException, OSError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0][:120]
        where = f"{path}, after row {cursor.row}"
        raise InputError(f"the file is broken ({why})", where=where, remedy="Copy or export it again.") from None


def nearest_column(name: str, present: Sequence[str]) -> str:
    """Return the column whose name is most like `name`, whatever the case; empty if none is."""
    lowered = {column.lower(): column for column in reversed(present)}
    close = difflib.get_close_matches(name.lower(), list(lowered), n=1)
    return lowered[close[0]] if close else ""


def require_columns(present: Sequence[str], wanted: Sequence[str], path: Path) -> None:
    """Check that each wanted column is there, once.

    Raises:
        InputError: A wanted column is missing (names those present, and the nearest) or there twice.
    """
    counts = Counter(present)
    for name in wanted:
        if counts[name] > 1:
            raise InputError(f"{counts[name]} columns are named {name!r}", where=str(path), expected="one", remedy="Rename the others.")
        if counts[name] == 0:
            raise _missing(name, present, path)


def _missing(name: str, present: Sequence[str], path: Path) -> InputError:
    names = ", ".join(repr(column) for column in present[:MOST_NAMES])
    names += f" and {len(present) - MOST_NAMES} more" if len(present) > MOST_NAMES else ""
    close = nearest_column(name, present)
    remedy = f"Did you mean {close!r}?" if close else "Set intake.smiles_column or intake.endpoints."
    if len(present) == 1 and any(mark in present[0] for mark in ";\t"):
        remedy = "Separate the cells by commas, or by tabs in a file named .tsv."
    expected = f"one of the columns present: {names}" if present else "columns, but the file has none"
    return InputError(f"column {name!r} is missing", where=str(path), expected=expected, remedy=remedy)
