"""Records of a delimited text: strictly where that works, else line by line, so that a bad quote costs its own line and no other.

Most blocks of a file are one record per line, without a flaw; the `csv` module takes these as a whole. Any other block is read record by
record. A record that breaks the rules of quoting, or that runs over several lines to a wrong number of cells, is most likely one line with
a stray quote: the lines after it are put back, and it is read alone, with its quotes as text.
"""

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from io import StringIO

from fluid.data.encodings import is_clean
from fluid.data.table_rows import BLANK, Flawless, Record
from fluid.data.text_lines import MAX_LINE, Lines, split_lines

QUOTE = '"'
INSIDE = re.compile(r'[^"]*(?:""[^"]*)*')
SMILES_LIKE = re.compile(r"(?:\[[^\[\]\s]+\]|Br|Cl|[BCNOPSFIbcnops*]|[-=#$:/\\.~()]|%\d\d|\d)+")
TOO_LONG = f"a row of more than {MAX_LINE // 1_000_000} MB"
GROUP, MANY = 4096, 64


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a table are written.

    Attributes:
        delimiter: The character between cells.
        width: Cells of a row.
        smiles: Place of the SMILES column.
        skip: Whether blanks after a delimiter are no part of the cell, so that a quote may follow them.
    """

    delimiter: str
    width: int = 0
    smiles: int = 0
    skip: bool = False

    def split(self, line: str) -> list[str]:
        """Return the cells of a line without regard to quotes."""
        cells = line.rstrip("\r\n").split(self.delimiter)
        return [cell.lstrip(" ") for cell in cells] if self.skip else cells

    def fit(self, cells: list[str]) -> list[str]:
        """Return the cells of a row without empty ones beyond the last column."""
        return cells[: self.width] if len(cells) > self.width and not any(map(str.strip, cells[self.width :])) else cells

    def fits(self, cells: list[str]) -> bool:
        """Return whether a row has a cell for each column."""
        return len(self.fit(cells)) == self.width


def record_groups(lines: Lines, shape: Shape) -> Iterator[Flawless | list[Record]]:
    """Yield all records, in groups."""
    while text := lines.block():
        rows = flawless_rows(text, shape)
        if rows is not None:
            yield Flawless(rows)
        else:
            lines.put_back(split_lines(text))
            yield from _careful_groups(lines, shape)


def _careful_groups(lines: Lines, shape: Shape) -> Iterator[Flawless | list[Record]]:
    """Yield the records of the lines at hand: all good ones at once, then one by one, the more the fewer good ones there are."""
    alone = 1
    while lines:
        held = lines.take_held()
        rows, used = leading_rows(held, shape)
        lines.put_back(held[used:])
        if rows:
            yield Flawless(rows) if is_clean("".join(held[:used])) else [Record(row) for row in rows]
        alone = 1 if len(rows) >= MANY else min(2 * alone, GROUP)
        yield [next_record(lines, shape) for _ in range(alone) if lines]


def flawless_rows(text: str, shape: Shape) -> list[list[str]] | None:
    """Return the rows of a text in which every line is a row with as many cells as there are columns; None for another text."""
    if len(text) > MAX_LINE or not is_clean(text):
        return None
    reader = csv.reader(StringIO(text, newline=""), delimiter=shape.delimiter, skipinitialspace=shape.skip, strict=True)
    try:
        rows = list(reader)
    except csv.Error:
        return None
    if reader.line_num != len(rows) or set(map(len, rows)) != {shape.width}:
        return None
    return None if shape.width == 1 and any(row[0].isspace() for row in rows) else rows


def leading_rows(held: list[str], shape: Shape) -> tuple[list[list[str]], int]:
    """Return the rows without a flaw that a list of lines begins with, also such of several lines, and how many lines they are."""
    rows: list[list[str]] = []
    used = 0
    reader = csv.reader(held, delimiter=shape.delimiter, skipinitialspace=shape.skip, strict=True)
    try:
        for cells in reader:
            end, row = reader.line_num, shape.fit(cells)
            if len(row) != shape.width or len(held[used]) > MAX_LINE or (shape.width == 1 and row[0].isspace()):
                break
            if end - used > 1 and not is_one_row(held[used:end], shape):
                break
            rows.append(row)
            used = end
    except csv.Error:
        pass
    return rows, used


def next_record(lines: Lines, shape: Shape) -> Record:
    """Take the next record."""
    line = lines.take()
    if len(line) > MAX_LINE:
        return Record([], TOO_LONG)
    if QUOTE not in line:
        cells = shape.split(line)
        return Record([], BLANK) if len(cells) == 1 and not cells[0].strip() else fitted(cells, shape)
    taken = [line]
    strict = strict_cells(taken, lines, shape)
    if strict is None or (len(taken) > 1 and not (shape.fits(strict) and is_one_row(taken, shape))):
        lines.put_back(taken[1:])
        strict = lenient_cells(line, shape)
    return fitted(strict, shape)


def fitted(cells: list[str], shape: Shape) -> Record:
    """Return cells as a record, with a problem if there are too few or too many."""
    cells = shape.fit(cells)
    if len(cells) == shape.width:
        return Record(cells)
    return Record(cells, ragged(len(cells), shape.width))


def ragged(found: int, expected: int) -> str:
    """Return what is wrong with a row that has too few or too many cells."""
    return f"the row has {found} cell{'s' if found != 1 else ''}, the header {expected}"


def strict_cells(taken: list[str], lines: Lines, shape: Shape) -> list[str] | None:
    """Return the cells of a record by the rules of quoting; None if it breaks them.

    Args:
        taken: The record's first line; those that it needs further are added.
        lines: What follows.
        shape: How cells are written.
    """
    cells: list[str] = []
    plain, place = _plain(shape.delimiter), 0
    while True:
        if shape.skip:
            place = len(taken[-1]) - len(taken[-1][place:].lstrip(" "))
        if taken[-1].startswith(QUOTE, place):
            found = _quoted_cell(taken, place + 1, lines)
            if found is None:
                return None
            cell, place = found
        else:
            cell = plain(taken[-1], place)
            place += len(cell)
        cells.append(cell)
        after = taken[-1][place : place + 1]
        if after in ("", "\r", "\n"):
            return cells
        if after != shape.delimiter:
            return None
        place += 1


@cache
def _plain(delimiter: str) -> Callable[[str, int], str]:
    """Return what finds the unquoted cell that starts at a place of a line."""
    pattern = re.compile(rf"[^{re.escape(delimiter)}\r\n]*")

    def cell(line: str, place: int) -> str:
        match = pattern.match(line, place)
        return match[0] if match else ""

    return cell


def _quoted_cell(taken: list[str], place: int, lines: Lines) -> tuple[str, int] | None:
    """Return the cell whose opening quote is before a place of the last line, and the place after its closing quote; None without one."""
    parts: list[str] = []
    size = 0
    while True:
        line = taken[-1]
        match = INSIDE.match(line, place)
        end = match.end() if match else place
        parts.append(line[place:end])
        size += end - place
        if size > MAX_LINE:
            return None
        if end < len(line):
            return "".join(parts).replace(QUOTE + QUOTE, QUOTE), end + 1
        following = lines.take()
        if not following:
            return None
        taken.append(following)
        place = 0


def is_one_row(taken: list[str], shape: Shape) -> bool:
    """Return whether the lines of a record are one row, rather than a row each with its own SMILES and the right number of cells.

    Two stray quotes, one at the start of a cell and one at the end of a later line, look like one quoted cell with the rows between in it.
    """
    following = [line for line in taken[1:] if not line.isspace()]
    rows = sum(_is_row(line, shape) for line in following)
    return shape.width == 1 or 2 * rows <= len(following) or not shape.fits(lenient_cells(taken[0], shape))


def _is_row(line: str, shape: Shape) -> bool:
    if line.count(shape.delimiter) < shape.width - 1:
        return False
    cells = lenient_cells(line, shape)
    return shape.fits(cells) and SMILES_LIKE.fullmatch(cells[shape.smiles].strip()) is not None


def lenient_cells(line: str, shape: Shape) -> list[str]:
    """Return the cells of a line that breaks the rules: its quotes are text, or mark what they can if only so there are enough cells."""
    cells = [unquoted(cell) for cell in shape.split(line)]
    if shape.fits(cells):
        return cells
    try:
        (marked,) = csv.reader([line.rstrip("\r\n")], delimiter=shape.delimiter, skipinitialspace=shape.skip)
    except csv.Error:
        return cells
    return marked if shape.fits(marked) else cells


def unquoted(cell: str) -> str:
    """Return a cell without the quotes around it, if these are its only ones."""
    inner = cell.strip()
    return inner[1:-1] if len(inner) > 1 and inner[0] == inner[-1] == QUOTE and QUOTE not in inner[1:-1] else cell
