"""Read molecule files row by row: CSV, TSV, SDF and Parquet, also gzipped, in bounded memory."""

import csv
import difflib
import gzip
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem, rdBase

from fluid.errors import InputError

FORMATS = (".csv", ".tsv", ".sdf", ".parquet")
BATCH_ROWS = 8192


class RawRow(NamedTuple):
    """One row as it stands in the file.

    Attributes:
        row: Number of the row, from 1.
        smiles: SMILES text; empty if there is none.
        values: The asked columns, as text or number or None.
    """

    row: int
    smiles: str
    values: tuple[Any, ...]


def file_format(path: Path) -> str:
    """Return the format that a file's name tells, without `.gz`.

    Raises:
        InputError: There is no such file, or its format is unknown.
    """
    if not path.is_file():
        raise InputError(
            "the molecule file is " + ("a folder" if path.is_dir() else "not found"), where=str(path), remedy="Check the path."
        )
    suffix = (Path(path.stem) if path.suffix.lower() == ".gz" else path).suffix.lower()
    if suffix not in FORMATS:
        raise InputError(
            f"unknown file type {suffix!r}", where=str(path), expected=", ".join(FORMATS) + " (CSV, TSV and SDF may be gzipped)"
        )
    if path.stat().st_size == 0:
        raise InputError("the file is empty", where=str(path), expected="a header and at least one row")
    return suffix


def require_columns(present: Sequence[str], wanted: Sequence[str], path: Path) -> None:
    """Check that columns are there.

    Raises:
        InputError: One is missing; names the nearest one.
    """
    for name in wanted:
        if name not in present:
            close = difflib.get_close_matches(name, present, n=1)
            remedy = f"Did you mean {close[0]!r}?" if close else "Set intake.smiles_column or intake.endpoints."
            raise InputError(
                f"column {name!r} is missing", where=str(path), expected="one of " + ", ".join(map(repr, present)), remedy=remedy
            )


def read_rows(path: Path, smiles_column: str, label_columns: Sequence[str] = ()) -> Iterator[RawRow]:
    """Yield every row of a molecule file, in order.

    Args:
        path: `.csv`, `.tsv`, `.sdf` (these also `.gz`) or `.parquet`.
        smiles_column: Column with SMILES; not used for SDF, where the structure is the record.
        label_columns: Further columns to read.

    Raises:
        InputError: The file is missing, empty, of unknown type, not UTF-8, or lacks a column, or a row is ragged.
    """
    kind = file_format(path)
    readers = {".parquet": _parquet, ".sdf": _sdf}
    yield from readers.get(kind, _delimited)(path, smiles_column, tuple(label_columns))


def _text(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", newline="")
    return path.open(encoding="utf-8-sig", newline="")


def _delimited(path: Path, smiles_column: str, label_columns: tuple[str, ...]) -> Iterator[RawRow]:
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    delimiter = "\t" if file_format(path) == ".tsv" else ","
    row = 0
    try:
        with _text(path) as stream:
            reader = csv.reader(stream, delimiter=delimiter, strict=True)
            header = [name.strip() for name in next(reader, [])]
            require_columns(header, (smiles_column, *label_columns), path)
            places = [header.index(name) for name in (smiles_column, *label_columns)]
            for cells in reader:
                if not cells:
                    continue
                row += 1
                if len(cells) != len(header):
                    raise InputError(
                        f"{len(cells)} cells",
                        where=f"{path}, row {row}",
                        expected=f"{len(header)}, as in the header",
                        remedy="Mend or quote it.",
                    )
                smiles, *values = (cells[place] for place in places)
                yield RawRow(row, smiles, tuple(values))
    except UnicodeDecodeError:
        raise InputError("the text is not UTF-8", where=f"{path}, after row {row}", remedy="Save the file as UTF-8.") from None
    except (csv.Error, EOFError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            raise
        raise InputError(f"the file is broken ({error})", where=f"{path}, row {row + 1}", remedy="Copy or export it again.") from None


def _parquet(path: Path, smiles_column: str, label_columns: tuple[str, ...]) -> Iterator[RawRow]:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"not a Parquet file ({str(error).splitlines()[0]})", where=str(path), remedy="Copy or export it again.") from None
    columns = [smiles_column, *label_columns]
    require_columns(file.schema_arrow.names, columns, path)
    row = 0
    with file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(columns))):
            lists = [batch.column(name).to_pylist() for name in columns]
            for smiles, *values in zip(*lists, strict=True):
                row += 1
                yield RawRow(row, "" if smiles is None else str(smiles), tuple(values))


def _sdf(path: Path, smiles_column: str, label_columns: tuple[str, ...]) -> Iterator[RawRow]:
    opener = gzip.open if path.suffix.lower() == ".gz" else open
    seen: set[str] = set()
    with opener(path, "rb") as stream:
        for row, mol in enumerate(_records(stream), start=1):
            if mol is None:
                yield RawRow(row, "", (None,) * len(label_columns))
                continue
            properties = mol.GetPropsAsDict(autoConvertStrings=False)
            seen |= properties.keys()
            yield RawRow(row, Chem.MolToSmiles(mol), tuple(properties.get(name) for name in label_columns))
    if seen:
        require_columns(sorted(seen), label_columns, path)


def _records(stream: Any) -> Iterator[Chem.Mol | None]:
    supplier = Chem.ForwardSDMolSupplier(stream)
    while not supplier.atEnd():
        with rdBase.BlockLogs():
            try:
                mol = next(supplier)
            except StopIteration:
                return
        yield mol
