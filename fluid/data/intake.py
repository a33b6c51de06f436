"""Intake: a molecule file becomes a table of different, standardised, labelled molecules; every row and every label is accounted for."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fluid.data.dropped import DroppedRow, write_dropped
from fluid.data.endpoints import Endpoint
from fluid.data.grouping import Grouping
from fluid.data.incoming import IncomingRow, read_incoming
from fluid.data.intake_spec import IntakeSpec
from fluid.data.label_counts import LabelCounts
from fluid.data.labels import LabelReader
from fluid.data.molecule_labels import merge_group
from fluid.data.readers import told_decimal
from fluid.data.source import Source, source_of
from fluid.data.table import MoleculeTable
from fluid.errors import FluidError, InputError

__all__ = ["DroppedRow", "Intake", "IntakeSpec", "collect", "intake", "write_dropped"]

PROGRESS_ROWS = 1000
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a file.

    Attributes:
        table: The molecules, in order of first appearance.
        dropped: Rows that were not used, and single labels of rows that were, in order.
        merged: Rows that repeat a kept molecule.
        rows: Rows in the file.
        places: Where the kept molecules are among all rows that have a molecule, `(M,)` int64, ascending.
        labels: Of each endpoint, what became of its measurements.
        notes: Of how many rows the molecule was taken in a way that the file did not quite say, by what that was.

    Raises:
        FluidError: The rows, or the measurements of an endpoint, do not add up.
    """

    table: MoleculeTable
    dropped: tuple[DroppedRow, ...]
    merged: int
    rows: int
    places: np.ndarray
    labels: tuple[LabelCounts, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that every row and every measurement is accounted for."""
        if self.rows != len(self.table) + self.dropped_rows + self.merged:
            raise FluidError(
                f"internal accounting: {self.rows} rows, {len(self.table)} kept, {self.dropped_rows} dropped, {self.merged} merged"
            )
        known = (~np.isnan(self.table.labels)).sum(axis=0).tolist()
        for endpoint, counts, labels in zip(self.table.endpoints, self.labels, known, strict=True):
            counts.check(endpoint.name, labels)

    @property
    def dropped_rows(self) -> int:
        """Number of whole rows that were not used."""
        return sum(not one.endpoint for one in self.dropped)

    @property
    def counts(self) -> dict[str, object]:
        """What became of rows, and of the measurements of each endpoint, as plain values."""
        rows = {"rows": self.rows, "kept": len(self.table), "dropped": self.dropped_rows, "merged": self.merged}
        labels = {e.name: one.to_dict() for e, one in zip(self.table.endpoints, self.labels, strict=True)}
        return {**rows, "labels": labels, "notes": dict(self.notes)}


def intake(path: Path, spec: IntakeSpec, progress: Progress | None = None) -> Intake:
    """Take a molecule file in.

    Rows of one molecule (same key) are merged into the first of them; see `fluid.data.merging` for its label.

    Args:
        path: The file.
        spec: How.
        progress: Called with the number of rows done, now and then and at the end.

    Raises:
        InputError: The file cannot be read, cells hold no label, or no molecule is left.
    """
    return collect(path, spec, (row for chunk in read_incoming(path, spec) for row in chunk.rows), progress)


def collect(path: Path, spec: IntakeSpec, rows: Iterable[IncomingRow], progress: Progress | None = None) -> Intake:
    """Merge the incoming rows of a file into different molecules; see `intake`."""
    source = source_of(path, spec.smiles_column, spec.parsed_endpoints)
    readers = label_readers(source, spec, decimal_of(path, spec, source))
    grouping = Grouping(readers, bool(spec.layout.qualifier_columns(source)))
    for row in rows:
        grouping.add(row)
        if progress and grouping.rows % PROGRESS_ROWS == 0:
            progress(grouping.rows)
    if progress and grouping.rows % PROGRESS_ROWS:
        progress(grouping.rows)
    if spec.bad_labels == "refuse":
        grouping.bad.refuse(path)
    return _finish(path, spec, source, grouping)


def decimal_of(path: Path, spec: IntakeSpec, source: Source) -> str:
    """Return the decimal sign of the columns with values: the declared one, or that of the file's first rows; `.` in a stored table."""
    pairs = zip(source.label_columns, source.measured, strict=True)
    columns = [spec.layout.value_column] if spec.layout.is_long(source) else [name for name, endpoint in pairs if not endpoint.binary]
    return "." if source.stored else told_decimal(path, source.smiles_column, columns, spec.file)


def label_readers(source: Source, spec: IntakeSpec, decimal: str = ".") -> list[LabelReader]:
    """Return what reads the cells of each endpoint, with the file's `decimal` sign; a stored table has a way of its own."""
    words = [None] * len(source.measured) if source.stored else spec.class_words
    censored = "likelihood" if source.stored and spec.censored == "drop" else spec.censored
    return [LabelReader(e, known, spec.missing_words, censored, decimal) for e, known in zip(source.measured, words, strict=True)]


def _finish(path: Path, spec: IntakeSpec, source: Source, grouping: Grouping) -> Intake:
    policies = [(endpoint, spec.policy(endpoint)) for endpoint in source.measured]
    kept: list[str] = []
    values: list[Sequence[float]] = []
    sides: list[Sequence[int]] = []
    groups, dropped = grouping.groups, grouping.dropped
    for key, group in groups.items():
        labels = merge_group(group.members, policies, grouping.counts)
        dropped += labels.dropped
        if labels.usable:
            kept.append(key)
            values.append(labels.values)
            sides.append(labels.sides)
    if not kept:
        raise _nothing_left(path, dropped, grouping.rows)
    table = _table(spec.parsed_endpoints, kept, [groups[key].smiles for key in kept], values, sides)
    merged = sum(len(groups[key].members) - 1 for key in kept)
    places = np.array([groups[key].place for key in kept], dtype=np.int64)
    return Intake(table, tuple(sorted(dropped, key=lambda one: one.row)), merged, grouping.rows, places, grouping.counts, grouping.notes)


def _table(
    endpoints: tuple[Endpoint, ...],
    keys: Sequence[str],
    smiles: Sequence[str],
    values: Sequence[Sequence[float]],
    sides: Sequence[Sequence[int]],
) -> MoleculeTable:
    shape = (len(keys), len(endpoints))
    labels, censored = np.array(values, dtype=np.float32).reshape(shape), np.array(sides, dtype=np.int8).reshape(shape)
    return MoleculeTable(tuple(smiles), tuple(keys), labels, endpoints, censored if censored.any() else None)


def _nothing_left(path: Path, dropped: Sequence[DroppedRow], rows: int) -> InputError:
    reasons = Counter(one.reason for one in dropped).most_common(3)
    found = f"no valid molecule in {rows} rows (" + ", ".join(f"{count} x {reason}" for reason, count in reasons) + ")"
    return InputError(found, where=str(path), expected="at least one usable molecule", remedy="Check the SMILES and label columns.")
