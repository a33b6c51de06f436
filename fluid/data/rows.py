"""Rows as they stand in a file, and how faults of reading are told."""

import csv
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from fluid.errors import InputError


class RawRow(NamedTuple):
    """One row as it stands in the file.

    Attributes:
        row: Number of the row, from 1 after the header.
        smiles: SMILES text; empty if there is none.
        values: The asked columns, as text or number or None.
        problem: Why the row cannot be used, if the reader knows; else empty.
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
        InputError: The text has another encoding, or the file is torn, not of its format, or cannot be read.
    """
    try:
        yield
    except UnicodeDecodeError as error:
        remedy = "Save the file as UTF-8, or set intake.file.encoding to the encoding that it has."
        where = f"{path}, after row {cursor.row}"
        raise InputError(f"the text cannot be read as {error.encoding.upper()}", where=where, remedy=remedy) from None
    except PermissionError:
        remedy = "Ask its owner for the right to read it."
        raise InputError("the file may not be read (permission denied)", where=f"{path}, after row {cursor.row}", remedy=remedy) from None
    except (csv.Error, zlib.error, EOFError, pa.ArrowException, OSError) as error:
        raise broken(path, cursor, error) from None


def broken(path: Path, cursor: Cursor, error: Exception, what: str = "the file") -> InputError:
    """Return what to raise where a file, or a part of it, cannot be read."""
    why = (str(error).splitlines() or [type(error).__name__])[0][:120]
    return InputError(f"{what} is broken ({why})", where=f"{path}, after row {cursor.row}", remedy="Copy or export it again.")
