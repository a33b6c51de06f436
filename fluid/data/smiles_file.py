"""Read a file of SMILES line by line: SMILES, then white space and a name; with or without a header."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from fluid.data.columns_found import find_columns, places_of
from fluid.data.csv_records import SMILES_LIKE, TOO_LONG, ragged
from fluid.data.delimited import head_of
from fluid.data.encodings import as_old_text
from fluid.data.file_form import FileForm
from fluid.data.rows import Cursor, RawRow, explain_faults
from fluid.data.sdf_record import TITLE
from fluid.data.table_rows import BLANK, Asked, Record, table_rows
from fluid.data.text_lines import MAX_LINE, Lines, open_lines

FIRST_CELL = re.compile(r"\s*(\S+(?:[ \t]+\|[^|]*\|(?=\s|$))?)")
COMMENT = "#"


def read_smiles(path: Path, smiles_column: str, label_columns: Sequence[str], form: FileForm) -> Iterator[RawRow]:
    """Yield every row of a file of SMILES.

    A line holds a SMILES, with its CXSMILES extension (`|...|`) if there is one, and what follows is its name: the column `_Name`. If the
    first line has the SMILES column's name among its words it is the header, and every word of it names a column; the last column has all
    the rest of a line.

    Raises:
        InputError: A column is missing, or the file is torn.
    """
    cursor = Cursor()
    with explain_faults(path, cursor), open_lines(path, form) as lines:
        names = _take_header(lines, smiles_column)
        wanted = (smiles_column, *label_columns)
        places = find_columns(names or ["" if smiles_column == TITLE else smiles_column, TITLE], wanted, path, form)
        groups = ([_record(line, len(names) or 2, places[0])] for line in iter(lines.take, ""))
        yield from table_rows(groups, Asked(wanted, places), cursor)


def _take_header(lines: Lines, smiles_column: str) -> list[str]:
    """Take blank lines, comments and the header; return its names, none if there is no header."""
    while line := lines.take():
        names = header_words(line, smiles_column)
        if names:
            return names
        if not line.isspace() and not line.lstrip().startswith(COMMENT):
            lines.put_back([line])
            break
    return []


def names_in_smiles_file(path: Path, smiles_column: str, form: FileForm) -> list[str]:
    """Return the columns of a file of SMILES, by its header or as they are called without one."""
    with open_lines(path, form) as lines:
        return _take_header(lines, smiles_column) or [smiles_column, TITLE]


def header_words(line: str, smiles_column: str) -> list[str]:
    """Return the words of a line, without a `#` before them, if one names the SMILES column (the first also in other case); else none."""
    words = [as_old_text(word) for word in line.strip().lstrip(COMMENT).split()]
    if words and words[0].lower() == smiles_column.lower():
        return [smiles_column, *words[1:]]
    return words if smiles_column in words else []


def _record(line: str, width: int, smiles: int) -> Record:
    """Return the cells of a line; a name may be absent."""
    if len(line) > MAX_LINE:
        return Record([], TOO_LONG)
    first = FIRST_CELL.match(line)
    if first is None:
        return Record([], BLANK)
    if smiles:
        cells = line.strip().split(None, width - 1)
    else:
        cells = [first[1], *line[first.end() :].strip().split(None, max(width - 2, 0))][:width]
    if len(cells) < width > 2:
        return Record(cells, ragged(len(cells), width))
    return Record(cells + [""] * (width - len(cells)))


def is_smiles_file(path: Path, wanted: Sequence[str], form: FileForm, suffix: str) -> bool:
    """Return whether a `.smi` or `.txt` file is to be read as SMILES and names, rather than as a table with a header.

    Args:
        path: The file.
        wanted: The asked columns, that of SMILES first.
        form: What is declared.
        suffix: `.smi` or `.txt`.

    Raises:
        InputError: The file cannot be read.
    """
    if form.delimiter:
        return form.delimiter == " "
    head = head_of(path, wanted, form)
    if head is None or places_of(wanted[0], head.names):
        return suffix == ".smi" and (head is None or len(head.names) == 1)
    first = head.lines[0]
    return suffix == ".smi" or bool(header_words(first, wanted[0])) or SMILES_LIKE.fullmatch((first.split() or [""])[0]) is not None
