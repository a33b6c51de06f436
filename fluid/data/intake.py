"""Intake: a molecule file becomes a table of different, standardised, labelled molecules; every row is accounted for."""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, tee
from pathlib import Path

import numpy as np

from fluid.data.dropped import DroppedRow, write_dropped
from fluid.data.intake_spec import IntakeSpec
from fluid.data.labels import to_number
from fluid.data.merging import merge_values
from fluid.data.quorum import check_quorum
from fluid.data.readers import read_rows
from fluid.data.source import Source, source_of
from fluid.data.table import MoleculeTable
from fluid.errors import FluidError, InputError
from fluid.molecules.standardize import MoleculeRejected, Standardized, standardize
from fluid.molecules.workers import standardize_many

__all__ = ["DroppedRow", "IncomingRow", "Intake", "IntakeSpec", "check_quorum", "intake", "iter_intake", "write_dropped"]

PROGRESS_ROWS = 1000
NO_LABEL, CONFLICT = "no label", "conflicting labels"
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a file.

    Attributes:
        table: The molecules, in order of first appearance.
        dropped: Rows that were not used, in order.
        merged: Rows that repeat a kept molecule.
        rows: Rows in the file.

    Raises:
        FluidError: The rows do not add up.
    """

    table: MoleculeTable
    dropped: tuple[DroppedRow, ...]
    merged: int
    rows: int

    def __post_init__(self) -> None:
        """Check that every row is accounted for."""
        if self.rows != len(self.table) + len(self.dropped) + self.merged:
            raise FluidError(
                f"internal accounting: {self.rows} rows, {len(self.table)} kept, {len(self.dropped)} dropped, {self.merged} merged"
            )


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """A row of a file and its standardised molecule, or why there is none.

    Attributes:
        row: Number of the row, from 1 after the header.
        smiles: SMILES as it stands in the file.
        values: The cells of the asked endpoints, as they stand in the file.
        molecule: The standardised molecule or the reason of its rejection.
    """

    row: int
    smiles: str
    values: tuple[object, ...]
    molecule: Standardized | MoleculeRejected


@dataclass(slots=True)
class _Group:
    """The rows of one molecule: standardised SMILES of the first; row numbers, SMILES and measurements of all that have any."""

    smiles: str
    count: int = 0
    rows: tuple[tuple[int, str], ...] = ()
    values: tuple[tuple[float, ...], ...] = ()


def _incoming(path: Path, spec: IntakeSpec, source: Source, with_keys: bool = True, skip: int = 0) -> Iterator[IncomingRow]:
    rows, ahead = tee(islice(read_rows(path, source.smiles_column, source.label_columns), skip, None))
    found = standardize_many(
        (row.smiles for row in ahead), spec.standardize, spec.workers, _standardize=partial(standardize, with_key=with_keys)
    )
    for row, molecule in zip(rows, found, strict=True):
        yield IncomingRow(row.row, row.smiles, row.values, MoleculeRejected(row.problem) if row.problem else molecule)


def iter_intake(path: Path, spec: IntakeSpec, with_keys: bool = True, skip: int = 0) -> Iterator[IncomingRow]:
    """Yield every row of a file with its standardised molecule, in order and bounded memory; duplicates stay.

    Args:
        path: The file.
        spec: How.
        with_keys: Whether the molecules' InChIKeys are made.
        skip: First rows to leave out.

    Raises:
        InputError: The file cannot be read.
    """
    yield from _incoming(path, spec, source_of(path, spec.smiles_column, spec.endpoints), with_keys, skip)


def intake(path: Path, spec: IntakeSpec, progress: Progress | None = None) -> Intake:
    """Take a molecule file in.

    Rows of one molecule (same key) are merged into the first of them; see `fluid.data.merging` for its label.

    Args:
        path: The file.
        spec: How.
        progress: Called with the number of rows done, now and then and at the end.

    Raises:
        InputError: The file cannot be read, a label is no number, or no molecule is left.
    """
    source = source_of(path, spec.smiles_column, spec.endpoints)
    dropped: list[DroppedRow] = []
    groups: dict[str, _Group] = {}
    count = 0
    for count, row in enumerate(_incoming(path, spec, source), start=1):
        values = tuple(to_number(cell, e, f"{path}, row {row.row}") for cell, e in zip(row.values, source.measured, strict=True))
        reason = _place(row, values, groups)
        if reason:
            dropped.append(DroppedRow(row.row, row.smiles, reason))
        if progress and count % PROGRESS_ROWS == 0:
            progress(count)
    if progress and count % PROGRESS_ROWS:
        progress(count)
    return _finish(path, spec, source, groups, dropped, count)


def _place(row: IncomingRow, values: tuple[float, ...], groups: dict[str, _Group]) -> str:
    """Put a row with its molecule's other rows; return why it cannot be used, or nothing."""
    if isinstance(row.molecule, MoleculeRejected):
        return row.molecule.reason
    if values and all(map(math.isnan, values)):
        return NO_LABEL
    group = groups.setdefault(row.molecule.key, _Group(row.molecule.smiles))
    group.count += 1
    if values:
        group.rows += ((row.row, row.smiles),)
        group.values += (values,)
    return ""


def _finish(path: Path, spec: IntakeSpec, source: Source, groups: dict[str, _Group], dropped: list[DroppedRow], rows: int) -> Intake:
    policies = [(endpoint, spec.policy(endpoint)) for endpoint in source.measured]
    labels: dict[str, list[float]] = {}
    for key, group in groups.items():
        label = [merge_values(values, *policy) for values, policy in zip(zip(*group.values, strict=True), policies, strict=True)]
        if label and all(map(math.isnan, label)):
            dropped += [DroppedRow(row, smiles, CONFLICT) for row, smiles in group.rows]
        else:
            labels[key] = label
    if not labels:
        raise _nothing_left(path, dropped, rows)
    matrix = np.array(list(labels.values()), dtype=np.float32).reshape(len(labels), len(spec.endpoints))
    table = MoleculeTable(tuple(groups[key].smiles for key in labels), tuple(labels), matrix, spec.endpoints)
    merged = sum(groups[key].count - 1 for key in labels)
    return Intake(table, tuple(sorted(dropped, key=lambda row: row.row)), merged, rows)


def _nothing_left(path: Path, dropped: Sequence[DroppedRow], rows: int) -> InputError:
    reasons = Counter(row.reason for row in dropped).most_common(3)
    found = f"no valid molecule in {rows} rows (" + ", ".join(f"{count} x {reason}" for reason, count in reasons) + ")"
    return InputError(found, where=str(path), expected="at least one usable molecule", remedy="Check the SMILES and label columns.")
