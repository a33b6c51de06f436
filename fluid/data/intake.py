"""Intake: a molecule file becomes a table of different, standardised, labelled molecules; every row is accounted for."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fluid.data.dropped import DroppedRow, write_dropped
from fluid.data.incoming import IncomingRow, read_incoming
from fluid.data.intake_spec import IntakeSpec
from fluid.data.labels import to_number
from fluid.data.merging import merge_values
from fluid.data.quorum import check_quorum
from fluid.data.source import Source, source_of
from fluid.data.table import MoleculeTable
from fluid.errors import FluidError, InputError
from fluid.molecules.parse import MoleculeRejected

__all__ = ["DroppedRow", "Intake", "IntakeSpec", "check_quorum", "collect", "intake", "write_dropped"]

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
        places: Where the kept molecules are among all rows that have a molecule, `(M,)` int64, ascending.

    Raises:
        FluidError: The rows do not add up.
    """

    table: MoleculeTable
    dropped: tuple[DroppedRow, ...]
    merged: int
    rows: int
    places: np.ndarray

    def __post_init__(self) -> None:
        """Check that every row is accounted for."""
        if self.rows != len(self.table) + len(self.dropped) + self.merged:
            raise FluidError(
                f"internal accounting: {self.rows} rows, {len(self.table)} kept, {len(self.dropped)} dropped, {self.merged} merged"
            )


@dataclass(slots=True)
class _Group:
    """The rows of one molecule: standardised SMILES and place of the first; row numbers, SMILES and measurements of all that have any."""

    smiles: str
    place: int
    count: int = 0
    rows: tuple[tuple[int, str], ...] = ()
    values: tuple[tuple[float, ...], ...] = ()


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
    return collect(path, spec, (row for chunk in read_incoming(path, spec) for row in chunk.rows), progress)


def collect(path: Path, spec: IntakeSpec, rows: Iterable[IncomingRow], progress: Progress | None = None) -> Intake:
    """Merge the incoming rows of a file into different molecules; see `intake`."""
    source = source_of(path, spec.smiles_column, spec.parsed_endpoints)
    dropped: list[DroppedRow] = []
    groups: dict[str, _Group] = {}
    count = place = 0
    for count, row in enumerate(rows, start=1):
        values = tuple(to_number(cell, e, f"{path}, row {row.row}") for cell, e in zip(row.values, source.measured, strict=True))
        reason = _place(row, values, groups, place)
        place += not isinstance(row.molecule, MoleculeRejected)
        if reason:
            dropped.append(DroppedRow(row.row, row.smiles, reason))
        if progress and count % PROGRESS_ROWS == 0:
            progress(count)
    if progress and count % PROGRESS_ROWS:
        progress(count)
    return _finish(path, spec, source, groups, dropped, count)


def _place(row: IncomingRow, values: tuple[float, ...], groups: dict[str, _Group], place: int) -> str:
    """Put a row with its molecule's other rows; return why it cannot be used, or nothing."""
    if isinstance(row.molecule, MoleculeRejected):
        return row.molecule.reason
    if values and all(map(math.isnan, values)):
        return NO_LABEL
    group = groups.setdefault(row.molecule.key, _Group(row.molecule.smiles, place))
    group.count += 1
    if values:
        group.rows += ((row.row, row.smiles),)
        group.values += (values,)
    return ""


def _finish(path: Path, spec: IntakeSpec, source: Source, groups: dict[str, _Group], dropped: list[DroppedRow], rows: int) -> Intake:
    endpoints = spec.parsed_endpoints
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
    matrix = np.array(list(labels.values()), dtype=np.float32).reshape(len(labels), len(endpoints))
    table = MoleculeTable(tuple(groups[key].smiles for key in labels), tuple(labels), matrix, endpoints)
    merged = sum(groups[key].count - 1 for key in labels)
    places = np.array([groups[key].place for key in labels], dtype=np.int64)
    return Intake(table, tuple(sorted(dropped, key=lambda row: row.row)), merged, rows, places)


def _nothing_left(path: Path, dropped: Sequence[DroppedRow], rows: int) -> InputError:
    reasons = Counter(row.reason for row in dropped).most_common(3)
    found = f"no valid molecule in {rows} rows (" + ", ".join(f"{count} x {reason}" for reason, count in reasons) + ")"
    return InputError(found, where=str(path), expected="at least one usable molecule", remedy="Check the SMILES and label columns.")
