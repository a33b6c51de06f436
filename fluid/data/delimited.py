"""Read CSV and TSV row by row: quoted cells and newlines, byte-order mark, gzip; cells stay text."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from fluid.data.rows import Cursor, RawRow, explain_faults, require_columns
from fluid.errors import InputError

BLANK = "blank line"


def _open(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _is_blank(cells: Sequence[str]) -> bool:
    """Tell a blank line from a row with one empty quoted cell."""
    return not cells or (len(cells) == 1 and cells[0].isspace())


def records(path: Path, delimiter: str) -> Iterator[list[str]]:
    """Yield the header, then each row's cells; a blank line between rows is a row without cells, those around are left out.

    Raises:
        InputError: The file is torn, not UTF-8, or badly quoted.
    """
    cursor, started, blank = Cursor(), False, 0
    with explain_faults(path, cursor), _open(path) as stream:
        for cells in csv.reader(stream, delimiter=delimiter, strict=True):
            if _is_blank(cells):
                blank += started
                continue
            for _ in range(blank):
                yield []
            yield cells
            cursor.row += blank + started
            started, blank = True, 0


def read_delimited(path: Path, smiles_column: str, label_columns: Sequence[str], delimiter: str) -> Iterator[RawRow]:
    """Yield every row of a delimited file; nothing if it is empty.

    Raises:
        InputError: A column is missing, a row has not as many cells as the header, or the file is broken.
    """
    lines = records(path, delimiter)
    header = [name.strip() for name in next(lines, ())]
    if not header:
        return
    wanted = (smiles_column, *label_columns)
    require_columns(header, wanted, path)
    places = [header.index(name) for name in wanted]
    for row, cells in enumerate(lines, start=1):
        if not cells:
            yield RawRow(row, "", (None,) * len(label_columns), BLANK)
            continue
        if len(cells) != len(header):
            raise _ragged(path, row, len(cells), len(header))
        smiles, *values = (cells[place] for place in places)
        yield RawRow(row, smiles, tuple(values))


def _ragged(path: Path, row: int, found: int, expected: int) -> InputError:
    return InputError(
        f"the row has {found} cell{'s' if found != 1 else ''}",
        where=f"{path}, row {row}",
        expected=f"{expected}, as in the header",
        remedy="Add the missing cells, or quote cells that hold the separator.",
    )
