"""The first lines of a delimited text: what comes before the header, the header, and the delimiter that it tells."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from fluid.data.columns_found import places_of
from fluid.data.csv_records import Shape, lenient_cells, strict_cells
from fluid.data.encodings import as_old_text
from fluid.data.file_form import FileForm
from fluid.data.text_lines import MAX_LINE, Lines

DELIMITERS = (",", ";", "\t", "|")
FIRST = {".tsv": "\t"}
SEPARATOR = re.compile(r'\s*"?sep=(.)"?\s*', re.IGNORECASE)
COMMENT = "#"
LOOK_AHEAD = 100


class Head(NamedTuple):
    """The header of a table.

    Attributes:
        names: Its columns, without blanks around.
        delimiter: The character between cells.
        skip: Whether blanks may stand between a delimiter and a quote.
        lines: The lines that it takes.
    """

    names: list[str]
    delimiter: str
    skip: bool
    lines: tuple[str, ...]


def read_head(lines: Lines, wanted: Sequence[str], form: FileForm, suffix: str) -> Head | None:
    """Take everything up to the header, and the header; None if there is none.

    Before the header may stand blank lines, Excel's `sep=;`, and comments (`#`). The last comment is the header itself if it holds more of
    the wanted columns than the line after it.

    Args:
        lines: The text.
        wanted: Names of columns, by which the delimiter is told.
        form: What is declared.
        suffix: `.csv`, `.tsv` or `.txt`.
    """
    declared, comment, line = form.delimiter, "", _next_line(lines)
    if match := SEPARATOR.fullmatch(line):
        declared, line = declared or match[1], _next_line(lines)
    while line.lstrip().startswith(COMMENT):
        comment, line = line, _next_line(lines)
    delimiters = (declared,) if declared else sorted(DELIMITERS, key=lambda mark: mark != FIRST.get(suffix, ","))
    lines.put_back([line] if line else [])
    head = _best([_split_head(lines, delimiter) for delimiter in delimiters] if line else [], wanted)
    commented = _best([_split_head(Lines([text]), delimiter) for text in _bare(comment) for delimiter in delimiters], wanted)
    if commented and _merit(commented, wanted)[0] > (_merit(head, wanted)[0] if head else 0):
        return commented
    for _ in head.lines if head else ():
        lines.take()
    return with_row_names(head, lines) if head else None


def with_row_names(head: Head, lines: Lines) -> Head:
    """Return a header with a first column without name, if R wrote it: then all rows begin with a name of their own that the header lacks.

    That is so if each of the next rows has one cell more than the header, the last one not empty, and all first ones differ.
    """
    shape = Shape(head.delimiter, skip=head.skip)
    rows = [strict_cells([line], Lines([]), shape) for line in lines.ahead(LOOK_AHEAD) if not line.isspace()]
    fits = [row is not None and len(row) == len(head.names) + 1 and row[-1].strip() != "" for row in rows]
    if len(rows) < 2 or not all(fits) or len({row[0] for row in rows if row}) < len(rows):
        return head
    return head._replace(names=["", *head.names])


def _next_line(lines: Lines) -> str:
    """Take the next line that is not blank."""
    while (line := lines.take()).isspace():
        pass
    return line[:MAX_LINE]


def _bare(comment: str) -> list[str]:
    """Return a comment with and without its mark."""
    return [comment, comment.lstrip().lstrip(COMMENT)] if comment else []


def _split_head(lines: Lines, delimiter: str) -> Head:
    """Return the next record as a header, without taking it."""
    following = lines.ahead(LOOK_AHEAD)
    skip = any(re.search(f'{re.escape(delimiter)} +"', line) for line in following)
    shape, taken = Shape(delimiter, skip=skip), [lines.take()]
    cells = strict_cells(taken, lines, shape)
    if cells is None:
        lines.put_back(taken[1:])
        taken = taken[:1]
        cells = lenient_cells(taken[0], shape)
    lines.put_back(taken)
    return Head([as_old_text(cell).strip() for cell in cells], delimiter, skip, tuple(taken))


def _best(heads: Sequence[Head], wanted: Sequence[str]) -> Head | None:
    return max(heads, key=lambda head: _merit(head, wanted), default=None)


def _merit(head: Head, wanted: Sequence[str]) -> tuple[int, int]:
    """Return how many wanted columns a header has, and how many in all."""
    return sum(bool(places_of(name, head.names)) for name in wanted), len(head.names)
