"""Open a molecule file of any format without being told its columns: their names, and rows with all their cells."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from fluid.data import delimited, sdf
from fluid.data.embedded import embedded_path
from fluid.data.intake_spec import IntakeSpec
from fluid.data.readers import DELIMITERS, file_format, read_rows
from fluid.data.rows import Cursor, RawRow, explain_faults

EMBEDDED = "embedded:"
SDF_RECORDS = 5_000
MOST_COLUMNS = 1_000
FIELD = re.compile(rb"(?m)^>[^\n<]*<([^\n>]+)>")
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WORDS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar", " ": "blank"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A file whose columns are known.

    Attributes:
        path: Where it is.
        shown: What the user calls it.
        form: What it is, in words: format, compression, encoding, what separates cells.
        names: Its columns, in order, each once.
        repeated: Columns whose name is there several times; they cannot be read.
        structures: Whether every row is a structure, so that there need be no column of SMILES.
        rows: How many rows it has, if the file says so; else 0.
    """

    path: Path
    shown: str
    form: tuple[str, ...]
    names: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    structures: bool = False
    rows: int = 0

    def read(self, smiles_column: str, columns: Sequence[str], most: int = 0) -> Iterator[RawRow]:
        """Yield the rows, at most `most` unless that is 0.

        Args:
            smiles_column: Column of SMILES; empty: there is none, and the rows' SMILES mean nothing.
            columns: The columns whose cells are read.
            most: Rows to stop after.

        Raises:
            InputError: The file is broken.
        """
        rows = read_rows(self.path, smiles_column or self.names[0] if self.names else "", columns)
        yield from islice(rows, most) if most else rows


def file_of(text: str) -> Path:
    """Return the file that a text names; `embedded:<part>` is a part of the embedded set."""
    return embedded_path(text.removeprefix(EMBEDDED)) if text.startswith(EMBEDDED) else Path(text).expanduser()


def open_file(text: str, spec: IntakeSpec) -> Opened:
    """Find out what a file is and what columns it has.

    Args:
        text: Its path, or `embedded:<part>`.
        spec: How it is read.

    Raises:
        InputError: The file cannot be read.
    """
    path = file_of(text)
    kind = file_format(path)
    if kind == ".sdf":
        return _open_sdf(path, text)
    if kind == ".parquet":
        return _open_parquet(path, text)
    return _open_delimited(path, text, DELIMITERS[kind])


def _once(names: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(names)
    return tuple(name for name in counts if counts[name] == 1)[:MOST_COLUMNS]


def _repeated(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name, count in Counter(names).items() if count > 1)


def _zipped(path: Path) -> tuple[str, ...]:
    return ("gzip",) if path.suffix.lower() == ".gz" else ()


def _open_delimited(path: Path, shown: str, delimiter: str) -> Opened:
    header = [name.strip() for name in next(delimited.records(path, delimiter), ())]
    mark = not _zipped(path) and path.open("rb").read(3) == BYTE_ORDER_MARK
    encoding = "UTF-8 with byte-order mark" if mark else "UTF-8"
    form = ("TSV" if delimiter == "\t" else "CSV", *_zipped(path), encoding, f"cells separated by {WORDS[delimiter]}")
    return Opened(path, shown, form, _once(header), _repeated(header))


def _open_parquet(path: Path, shown: str) -> Opened:
    with explain_faults(path, Cursor()), pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        return Opened(path, shown, ("Parquet",), _once(names), _repeated(names), rows=file.metadata.num_rows)


def _open_sdf(path: Path, shown: str) -> Opened:
    names: dict[str, None] = {}
    for record in islice(sdf.records(path), SDF_RECORDS):
        names.update(dict.fromkeys(field.decode("latin-1" if _is_latin(field) else "utf-8") for field in FIELD.findall(record)))
    return Opened(path, shown, ("SDF", *_zipped(path)), tuple(names), structures=True)


def _is_latin(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return True
    return False
