"""Read molecule files row by row: CSV, TSV, SDF (these also gzipped) and Parquet, in bounded memory."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from fluid.data.delimited import read_delimited
from fluid.data.parquet_rows import read_parquet
from fluid.data.rows import RawRow
from fluid.data.sdf import read_sdf
from fluid.errors import InputError

DELIMITERS = {".csv": ",", ".tsv": "\t"}
FORMATS = (".csv", ".tsv", ".sdf", ".parquet")
EXPECTED = "a .csv, .tsv or .sdf file (each also .gz), or .parquet"


def file_format(path: Path) -> str:
    """Return the format that a file's name tells, without `.gz`.

    Raises:
        InputError: There is no such file, it is empty, or its format is unknown.
    """
    if not path.is_file():
        what = "a folder" if path.is_dir() else "not found"
        raise InputError(f"the molecule file is {what}", where=str(path), expected=EXPECTED, remedy="Check the path.")
    zipped = path.suffix.lower() == ".gz"
    suffix = (Path(path.stem) if zipped else path).suffix.lower()
    if suffix not in FORMATS or (zipped and suffix == ".parquet"):
        named = "".join(path.suffixes[-2:]) if zipped else path.suffix
        raise InputError(f"unknown file type {named!r}", where=str(path), expected=EXPECTED, remedy="Export or rename it.")
    if path.stat().st_size == 0:
        raise _empty(path, "the file is empty")
    return suffix


def _empty(path: Path, what: str) -> InputError:
    return InputError(what, where=str(path), expected="at least one row after the header", remedy="Export it again.")


def read_rows(path: Path, smiles_column: str, label_columns: Sequence[str] = ()) -> Iterator[RawRow]:
    """Yield every row of a molecule file, in order.

    Args:
        path: `.csv`, `.tsv`, `.sdf` (these also `.gz`) or `.parquet`.
        smiles_column: Column with SMILES; not used for SDF, where the structure is the record.
        label_columns: Further columns, or SDF properties, to read.

    Raises:
        InputError: The file is missing, empty, of unknown type, torn, not UTF-8, or lacks a column, or a row is ragged.
    """
    kind = file_format(path)
    if kind == ".sdf":
        rows = read_sdf(path, label_columns)
    elif kind == ".parquet":
        rows = read_parquet(path, smiles_column, label_columns)
    else:
        rows = read_delimited(path, smiles_column, label_columns, DELIMITERS[kind])
    row = None
    for row in rows:
        yield row
    if row is None:
        raise _empty(path, "the file has no rows")
