"""Open a molecule file of any format without being told its columns: their names, and rows with all their cells."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from fluid.data.delimited import head_of
from fluid.data.embedded import file_of
from fluid.data.encodings import told_encoding
from fluid.data.excel import header_of_sheet
from fluid.data.file_form import FileForm
from fluid.data.file_kind import check_kind
from fluid.data.intake_spec import IntakeSpec
from fluid.data.parquet_rows import stored_names
from fluid.data.readers import file_format, has_no_table, read_rows
from fluid.data.rows import Cursor, RawRow, explain_faults
from fluid.data.sdf import record_texts, with_marks_as_values
from fluid.data.sdf_record import TITLE, split_record
from fluid.data.smiles_file import names_in_smiles_file
from fluid.data.text_lines import HEAD_BYTES, open_bytes, open_lines

SMILES = "smiles"
SDF_RECORDS = 5_000
"""Records that are looked through for the names of their data items."""
MOST_COLUMNS = 1_000
FORMATS = {".sdf": "SDF", ".parquet": "Parquet", ".arrow": "Arrow", ".feather": "Arrow (Feather)", ".xlsx": "Excel workbook"}
MARKS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
ENCODINGS = {"utf-8-sig": "UTF-8 with byte-order mark"}


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
        written: How the file is declared to be written.
    """

    path: Path
    shown: str
    form: tuple[str, ...]
    names: tuple[str, ...]
    repeated: tuple[str, ...] = ()
    structures: bool = False
    written: FileForm = field(default_factory=FileForm)

    def read(self, smiles_column: str, columns: Sequence[str], most: int = 0) -> Iterator[RawRow]:
        """Yield the rows, at most `most` unless that is 0.

        Args:
            smiles_column: Column of SMILES; empty: not known, and the rows' SMILES mean nothing unless rows are structures.
            columns: The columns whose cells are read.
            most: Rows to stop after.

        Raises:
            InputError: The file is broken.
        """
        rows = read_rows(self.path, smiles_column or likely_smiles(self.names), columns, self.written)
        yield from islice(rows, most) if most else rows


def likely_smiles(names: Sequence[str]) -> str:
    """Return the column that is called SMILES, or else the first."""
    ranked = sorted(names, key=lambda name: (name.strip().lower() != SMILES, SMILES not in name.lower()))
    return ranked[0] if ranked else SMILES


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
    with explain_faults(path, Cursor()):
        check_kind(path, kind)
        names, form = _names_and_form(path, kind, spec.file)
    counts = Counter(names)
    once = tuple(name for name in counts if counts[name] == 1)[:MOST_COLUMNS]
    return Opened(path, text, form, once, tuple(name for name in counts if counts[name] > 1), kind == ".sdf", spec.file)


def _names_and_form(path: Path, kind: str, form: FileForm) -> tuple[Sequence[str], tuple[str, ...]]:
    """Return the names of a file's columns, and what it is, in words."""
    zipped = ("gzip",) if path.suffix.lower() == ".gz" else ()
    if kind == ".sdf":
        return _items_of(path, form), ("SDF", *zipped)
    if kind == ".xlsx":
        return header_of_sheet(path, form), (FORMATS[kind],)
    if kind in FORMATS:
        return stored_names(path, kind), (FORMATS[kind],)
    written = (*zipped, _encoding(path, form))
    if has_no_table(kind, path, (SMILES,), form):
        return names_in_smiles_file(path, SMILES, form), ("SMILES and names", *written, "cells separated by white space")
    head = head_of(path, (), form)
    mark = head.delimiter if head else ","
    format_name = "TSV" if kind == ".tsv" else "CSV" if kind == ".csv" else "text table"
    return head.names if head else (), (format_name, *written, f"cells separated by {MARKS.get(mark, repr(mark))}")


def _encoding(path: Path, form: FileForm) -> str:
    with open_bytes(path) as stream:
        told = form.encoding or told_encoding(stream.read(HEAD_BYTES))
    return ENCODINGS.get(told, told.upper())


def _items_of(path: Path, form: FileForm) -> list[str]:
    """Return the names of an SDF file's data items, as far as its first records have them, and that of the titles."""
    names: dict[str, None] = {TITLE: None}
    with open_lines(path, form) as lines:
        for record in islice(with_marks_as_values(record_texts(lines)), SDF_RECORDS):
            if not record.problem:
                names |= dict.fromkeys(name for name, _ in split_record(record.text).items)
    return list(names)
