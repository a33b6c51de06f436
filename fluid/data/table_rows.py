"""Rows of a table, whatever it is stored in: numbered, the asked cells chosen, blank lines at its end left out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from fluid.data.encodings import WRONG, legible
from fluid.data.rows import Cursor, RawRow

BLANK = "blank line"


class Record(NamedTuple):
    """The cells of a row, and why they cannot be told, if so."""

    cells: Sequence[Any]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Flawless:
    """Rows of which each has a legible cell for every column."""

    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The columns to be read, that of SMILES first.

    Attributes:
        names: What they are called.
        places: Where they stand.
    """

    names: Sequence[str]
    places: Sequence[int]


def table_rows(groups: Iterable[Flawless | Sequence[Record]], asked: Asked, cursor: Cursor) -> Iterator[RawRow]:
    """Yield the rows of a table.

    Args:
        groups: All rows, in groups.
        asked: Which cells.
        cursor: Number of the last row, counted on.
    """
    blank = 0
    for group in groups:
        if isinstance(group, Flawless):
            yield from _blank_rows(blank, asked, cursor)
            yield from _flawless_rows(group, asked, cursor)
            blank = 0
            continue
        for record in group:
            if record.problem == BLANK:
                blank += 1
                continue
            yield from _blank_rows(blank, asked, cursor)
            blank = 0
            cursor.row += 1
            yield _row(cursor.row, record, asked)


def _blank_rows(count: int, asked: Asked, cursor: Cursor) -> Iterator[RawRow]:
    for _ in range(count):
        cursor.row += 1
        yield RawRow(cursor.row, "", (None,) * (len(asked.places) - 1), BLANK)


def _flawless_rows(group: Flawless, asked: Asked, cursor: Cursor) -> Iterator[RawRow]:
    smiles, *values = (map(itemgetter(place), group.rows) for place in asked.places)
    first = cursor.row + 1
    yield from map(RawRow, range(first, first + len(group.rows)), smiles, zip(*values, strict=True) if values else repeat(()))
    cursor.row += len(group.rows)


def _row(row: int, record: Record, asked: Asked) -> RawRow:
    """Return a record as a row; if an asked cell holds bytes that cannot be read, that is its problem."""
    smiles, *values = (record.cells[place] if place < len(record.cells) else None for place in asked.places)
    problem = record.problem or next(filter(None, map(_illegible, (smiles, *values), asked.names)), "")
    text = "" if smiles is None else legible(str(smiles))
    return RawRow(row, text, (None,) * len(values) if problem else tuple(values), problem)


def _illegible(cell: Any, name: str) -> str:
    """Return what is wrong with the characters of a cell; empty if nothing."""
    wrong = WRONG.search(cell) if (isinstance(cell, str) and not cell.isascii()) or "\0" in str(cell) else None
    if wrong is None:
        return ""
    return (
        f"a zero byte in column {name!r}"
        if wrong[0] == "\0"
        else f"column {name!r} is not UTF-8 (intake.file.encoding names another encoding)"
    )
