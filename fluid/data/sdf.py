"""Read SDF record by record: data items stay text, and a record whose molecule cannot be read is a row with its reason."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rdkit import Chem, rdBase

from fluid.data.columns_found import find_columns, places_of
from fluid.data.file_form import FileForm
from fluid.data.rows import Cursor, RawRow, explain_faults
from fluid.data.sdf_record import (
    LINES_BEFORE_COUNTS,
    MOLECULE_END,
    TITLE,
    AskedItems,
    SdfRecord,
    begins_with_header,
    header_name,
    split_record,
)
from fluid.data.text_lines import Lines, open_lines
from fluid.molecules.extension import extended_smiles

END = "$$$$"
MAX_RECORD = 4_000_000
UNREADABLE = "SDF record cannot be read"
TOO_LONG = f"SDF record of more than {MAX_RECORD // 1_000_000} MB"
CUT_OFF = "the file ends within this SDF record"


class RecordText(NamedTuple):
    r"""A record up to its `$$$$`.

    Attributes:
        text: Its lines, with `\n` as line ends.
        problem: Why it cannot be read, if so.
        ended: Whether a `$$$$` follows.
    """

    text: str
    problem: str = ""
    ended: bool = True


def record_texts(lines: Lines) -> Iterator[RecordText]:
    """Yield each record; what follows the last `$$$$` counts only if it is not blank.

    Of a record with more than `MAX_RECORD` characters only about so many are kept: a file without `$$$$` does not fill the memory.
    """
    kept: list[str] = []
    size = 0
    for block in iter(lines.block, ""):
        text = block.replace("\r\n", "\n").replace("\r", "\n") if "\r" in block else block
        first, *others = ("\n" + text).split("\n" + END)
        pieces = [first[1:], *(other.partition("\n")[2] for other in others)]
        for piece in pieces[:-1]:
            yield RecordText("".join([*kept, piece]), TOO_LONG if size + len(piece) > MAX_RECORD else "")
            kept, size = [], 0
        if size <= MAX_RECORD:
            kept.append(pieces[-1])
        size += len(pieces[-1])
    text = "".join(kept)
    if text.strip():
        yield RecordText(text, TOO_LONG if size > MAX_RECORD else "" if is_whole(text) else CUT_OFF, False)


def is_whole(text: str) -> bool:
    """Return whether a last record without `$$$$` is complete: it ends with its molecule, or with the blank line after a data item."""
    ended, last = text.endswith("\n"), text.removesuffix("\n").rpartition("\n")[2]
    return last.startswith(MOLECULE_END) or (ended and not last.strip())


def with_marks_as_values(records: Iterable[RecordText]) -> Iterator[RecordText]:
    """Yield the records; one that was divided at a `$$$$` that is a value is one again.

    Such a `$$$$` follows the header of a data item, and what follows it begins with another one.
    """
    before: RecordText | None = None
    for record in records:
        if before and not before.problem and _ends_with_header(before.text) and begins_with_header(record.text):
            before = RecordText(f"{before.text.rstrip()}\n{END}\n{record.text}", record.problem, record.ended)
            continue
        if before:
            yield before
        before = record
    if before:
        yield before


def _ends_with_header(text: str) -> bool:
    return header_name(text.removesuffix("\n").rpartition("\n")[2]) is not None


def parse_molecule(block: str) -> Chem.Mol | None:
    """Return the molecule of a mol block, None if RDKit cannot read it; blank lines among those of atoms and bonds do no harm."""
    mol = _parse(block)
    if mol is None:
        lines = block.split("\n")
        filled = [line for line in lines[LINES_BEFORE_COUNTS:] if line and not line.isspace()]
        if len(filled) < len(lines) - LINES_BEFORE_COUNTS:
            return _parse("\n".join([*lines[:LINES_BEFORE_COUNTS], *filled]))
    return mol


def _parse(block: str) -> Chem.Mol | None:
    with rdBase.BlockLogs():
        try:
            return Chem.MolFromMolBlock(block)
        except (RuntimeError, ValueError):
            return None


def split_records(texts: Iterable[RecordText]) -> Iterator[SdfRecord | str]:
    """Yield the parts of each record, or why it cannot be read; a last one with fewer data items than the one before counts as cut off."""
    before: set[str] = set()
    for text in texts:
        if text.problem:
            yield text.problem
            continue
        record = split_record(text.text)
        names = {name for name, _ in record.items}
        yield record if text.ended or before <= names else CUT_OFF
        before = names


def read_sdf(path: Path, label_columns: Sequence[str], form: FileForm | None = None) -> Iterator[RawRow]:
    """Yield every record of an SDF file with its molecule as SMILES; the column `_Name` is its title.

    Raises:
        InputError: A data item is in no record, or the file is torn.
    """
    seen: dict[str, None] = {}
    cursor, asked, readable = Cursor(), AskedItems(tuple(label_columns)), False
    with explain_faults(path, cursor), open_lines(path, form or FileForm()) as lines:
        for record in split_records(with_marks_as_values(record_texts(lines))):
            cursor.row += 1
            row = _row(cursor.row, record, asked)
            if isinstance(record, SdfRecord):
                seen.update((name, None) for name, _ in record.items)
            readable |= not row.problem
            yield row
    missing = [name for name in label_columns if not places_of(name, [*seen, TITLE])]
    if missing and (readable or seen):
        find_columns([*seen, TITLE], missing, path)


def has_items(path: Path, names: Sequence[str], form: FileForm) -> bool:
    """Return whether each of some data items is in a record of an SDF file; reads no molecule, and no further than it takes.

    Raises:
        InputError: The file is torn before all were found.
    """
    missing, cursor = list(names), Cursor()
    with explain_faults(path, cursor), open_lines(path, form) as lines:
        records = split_records(with_marks_as_values(record_texts(lines)))
        while missing and (record := next(records, None)):
            cursor.row += 1
            present = [] if isinstance(record, str) else [name for name, _ in record.items]
            missing = [name for name in missing if not places_of(name, [*present, TITLE])]
    return not missing


def _row(number: int, record: SdfRecord | str, asked: AskedItems) -> RawRow:
    if isinstance(record, str):
        return RawRow(number, "", (None,) * len(asked.names), record)
    mol = parse_molecule(record.molecule)
    values, problem = asked.values(record)
    return RawRow(number, "" if mol is None else extended_smiles(mol), values, UNREADABLE if mol is None else problem)
