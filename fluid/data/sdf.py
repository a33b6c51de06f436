"""Read SDF record by record: properties stay text, and a record that RDKit cannot read is a row with its reason."""

import gzip
from collections.abc import Iterator, Sequence
from io import BufferedReader, BytesIO
from pathlib import Path

from rdkit import Chem, rdBase

from fluid.data.rows import Cursor, RawRow, explain_faults, require_columns

END = b"$$$$"
MAX_RECORD_BYTES = 4_000_000
UNREADABLE = "SDF record cannot be read"
TOO_LONG = f"SDF record of more than {MAX_RECORD_BYTES // 1_000_000} MB"


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def records(path: Path) -> Iterator[bytes]:
    """Yield the text of each record; what follows the last `$$$$` counts only if it is not blank.

    A record is cut off soon after `MAX_RECORD_BYTES`, so that a file without `$$$$` does not fill the memory.

    Raises:
        InputError: The file is torn or cannot be read.
    """
    lines: list[bytes] = []
    size, cursor = 0, Cursor()
    with explain_faults(path, cursor), _open(path) as stream:
        while line := stream.readline(MAX_RECORD_BYTES):
            if size <= MAX_RECORD_BYTES:
                lines.append(line)
                size += len(line)
            if line.startswith(END):
                yield b"".join(lines)
                cursor.row += 1
                lines, size = [], 0
    if b"".join(lines).strip():
        yield b"".join(lines)


def _utf8(record: bytes) -> bytes:
    """Return a record as UTF-8; older programs write Latin-1 (`µM`)."""
    try:
        record.decode()
    except UnicodeDecodeError:
        return record.decode("latin-1").encode()
    return record


def parse_record(record: bytes) -> Chem.Mol | None:
    """Return the molecule of one record with its properties, or None if RDKit cannot read it."""
    with rdBase.BlockLogs():
        supplier = Chem.ForwardSDMolSupplier(BytesIO(_utf8(record)))
        try:
            return next(supplier, None)
        except (RuntimeError, ValueError):
            return None


def read_sdf(path: Path, label_columns: Sequence[str]) -> Iterator[RawRow]:
    """Yield every record of an SDF file with its molecule as SMILES.

    Raises:
        InputError: A property is in no record, or the file is torn.
    """
    seen: dict[str, None] = {}
    readable = False
    for row, record in enumerate(records(path), start=1):
        mol = None if len(record) > MAX_RECORD_BYTES else parse_record(record)
        if mol is None:
            yield RawRow(row, "", (None,) * len(label_columns), TOO_LONG if len(record) > MAX_RECORD_BYTES else UNREADABLE)
            continue
        properties = mol.GetPropsAsDict(autoConvertStrings=False)
        seen.update(dict.fromkeys(properties))
        readable = True
        yield RawRow(row, Chem.MolToSmiles(mol), tuple(properties.get(name) for name in label_columns))
    if readable:
        require_columns(list(seen), label_columns, path)
