"""Read CSV, TSV and TXT row by row: cells stay text; encoding and delimiter are declared or told from the file."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from fluid.data.columns_found import find_columns
from fluid.data.csv_records import Shape, record_groups
from fluid.data.file_form import FileForm
from fluid.data.rows import Cursor, RawRow, explain_faults
from fluid.data.table_head import Head, read_head
from fluid.data.table_rows import Asked, table_rows
from fluid.data.text_lines import open_lines


def suffix_of(path: Path) -> str:
    """Return the suffix of a name without `.gz`, in small letters."""
    return (Path(path.stem) if path.suffix.lower() == ".gz" else path).suffix.lower()


def head_of(path: Path, wanted: Sequence[str] = (), form: FileForm | None = None) -> Head | None:
    """Return the header of a delimited file; None if it has none.

    Args:
        path: The file.
        wanted: Columns by which the delimiter is told.
        form: What is declared.

    Raises:
        InputError: The file cannot be read.
    """
    form = form or FileForm()
    with explain_faults(path, Cursor()), open_lines(path, form) as lines:
        return read_head(lines, wanted, form, suffix_of(path))


def read_delimited(path: Path, smiles_column: str, label_columns: Sequence[str], form: FileForm | None = None) -> Iterator[RawRow]:
    """Yield every row of a delimited file; nothing if it is empty.

    A row with too few or too many cells, or with bytes in an asked cell that cannot be read, is a row with a problem.

    Raises:
        InputError: A column is missing, or the file is torn or not of the declared encoding.
    """
    form, wanted, cursor = form or FileForm(), (smiles_column, *label_columns), Cursor()
    with explain_faults(path, cursor), open_lines(path, form) as lines:
        head = read_head(lines, wanted, form, suffix_of(path))
        if head is None:
            return
        places = find_columns(head.names, wanted, path, form)
        shape = Shape(head.delimiter, len(head.names), places[0], head.skip)
        yield from table_rows(record_groups(lines, shape), Asked(wanted, places), cursor)
