"""Read molecule files row by row, in bounded memory: text tables, SMILES and SDF (these also gzipped), Excel, Parquet and Arrow."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from fluid.data.decimal_sign import told_sign
from fluid.data.delimited import head_of, read_delimited, suffix_of
from fluid.data.excel import read_excel
from fluid.data.file_form import FileForm
from fluid.data.file_kind import TEXTS, check_kind
from fluid.data.parquet_rows import read_arrow, read_parquet
from fluid.data.rows import Cursor, RawRow, explain_faults
from fluid.data.sdf import read_sdf
from fluid.data.smiles_file import is_smiles_file, read_smiles
from fluid.errors import InputError

FORMATS = (*TEXTS, ".xlsx", ".parquet", ".arrow", ".feather")
EXPECTED = "a .csv, .tsv, .txt, .smi or .sdf file (each also .gz), or .xlsx, .parquet, .arrow or .feather"
SAMPLE_ROWS = 2000


def require_file(path: Path) -> None:
    """Refuse a path that is no file.

    Raises:
        InputError: There is no such file, or it is a folder.
    """
    with explain_faults(path, Cursor()):
        known, folder = path.is_file(), path.is_dir()
    if not known:
        kind = "a folder" if folder else "not found"
        raise InputError(f"the molecule file is {kind}", where=str(path), expected=EXPECTED, remedy="Check the path.")


def file_format(path: Path) -> str:
    """Return the format that a file's name tells, without `.gz`.

    Raises:
        InputError: There is no such file, it is empty, or its format is unknown.
    """
    require_file(path)
    zipped, suffix = path.suffix.lower() == ".gz", suffix_of(path)
    if suffix not in (TEXTS if zipped else FORMATS):
        named = "".join(path.suffixes[-2:]) if zipped else path.suffix
        raise InputError(f"unknown file type {named!r}", where=str(path), expected=EXPECTED, remedy="Export or rename it.")
    if path.stat().st_size == 0:
        raise _empty(path, "the file is empty")
    return suffix


def _empty(path: Path, what: str) -> InputError:
    return InputError(what, where=str(path), expected="at least one row after the header", remedy="Export it again.")


def read_rows(path: Path, smiles_column: str, columns: Sequence[str] = (), form: FileForm | None = None) -> Iterator[RawRow]:
    """Yield every row of a molecule file, in order; a row that cannot be used says why.

    Args:
        path: A file of one of the `FORMATS`; text also with `.gz`.
        smiles_column: Column with SMILES; not used for SDF, where the structure is the record, and for SMILES files without header.
        columns: Further columns, or SDF data items, to read. Titles of SDF records, and names in SMILES files, are the column `_Name`.
        form: How the file is written, as far as that is not to be told from it.

    Raises:
        InputError: The file is missing, empty, of unknown type or of another than its name says, torn, changed under reading, not of the
            declared encoding, or lacks a column.
    """
    kind, form = file_format(path), form or FileForm()
    with explain_faults(path, Cursor()):
        before = _state(path)
        check_kind(path, kind)
    row = None
    try:
        for row in _reader(kind, path, smiles_column, columns, form):
            yield row
    except InputError:
        _check_unchanged(path, before, row)
        raise
    _check_unchanged(path, before, row)
    if row is None:
        raise _empty(path, "the file has no rows")


def _reader(kind: str, path: Path, smiles_column: str, columns: Sequence[str], form: FileForm) -> Iterator[RawRow]:
    if kind == ".sdf":
        return read_sdf(path, columns, form)
    if kind == ".parquet":
        return read_parquet(path, smiles_column, columns)
    if kind in (".arrow", ".feather"):
        return read_arrow(path, smiles_column, columns)
    if kind == ".xlsx":
        return read_excel(path, smiles_column, columns, form)
    if has_no_table(kind, path, (smiles_column, *columns), form):
        return read_smiles(path, smiles_column, columns, form)
    return read_delimited(path, smiles_column, columns, form)


def has_no_table(kind: str, path: Path, wanted: Sequence[str], form: FileForm) -> bool:
    """Return whether a text file is read as SMILES and names separated by white space."""
    return form.delimiter == " " or (kind in (".smi", ".txt") and is_smiles_file(path, wanted, form, kind))


def _state(path: Path) -> tuple[int, int, int]:
    state = path.stat()
    return state.st_ino, state.st_size, state.st_mtime_ns


def _check_unchanged(path: Path, before: tuple[int, int, int], last: RawRow | None) -> None:
    with explain_faults(path, Cursor(last.row if last else 0)):
        same = _state(path) == before
    if not same:
        where = f"{path}, after row {last.row if last else 0}"
        raise InputError("the file changed while it was read", where=where, remedy="Run again when no program writes it any more.")


def told_decimal(path: Path, smiles_column: str, columns: Sequence[str], form: FileForm | None = None) -> str:
    """Return the decimal sign, `.` or `,`, of the numbers in some columns: the declared one, or that of the file's first rows.

    Raises:
        InputError: The file cannot be read, or lacks a column.
    """
    form = form or FileForm()
    if form.decimal or not columns:
        return form.decimal or "."
    kind, delimiter, wanted = file_format(path), "", (smiles_column, *columns)
    rows = read_rows(path, smiles_column, columns, form)
    if kind in TEXTS and kind != ".sdf" and not has_no_table(kind, path, wanted, form):
        head = head_of(path, wanted, form)
        delimiter = head.delimiter if head else ","
    return told_sign((cell for row in islice(rows, SAMPLE_ROWS) for cell in row.values), delimiter)
