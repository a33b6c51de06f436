"""Intake: a molecule file becomes a table of different, standardised, labelled molecules; every row is accounted for."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import tee
from pathlib import Path

import numpy as np

from fluid.artifacts import atomic_file
from fluid.data.endpoints import Endpoint
from fluid.data.labels import check_policy, merge_values, to_number
from fluid.data.readers import RawRow, read_rows
from fluid.data.table import MoleculeTable
from fluid.errors import FluidError, InputError, QuorumError
from fluid.molecules.standardize import MoleculeRejected, Standardized, StandardizeSpec
from fluid.molecules.workers import standardize_many

BATCH = 1000


@dataclass(frozen=True, slots=True)
class IntakeSpec:
    """How a file is taken in.

    Attributes:
        smiles_column: Column with SMILES (not used for SDF).
        endpoints: Endpoints to read; none for unlabelled molecules.
        standardize: Standardisation policy.
        conflicts_classification: `drop`, `majority`, `first`, or `mean` (of the values, before a threshold), where labels disagree.
        conflicts_regression: `mean`, `first` or `drop`.
        workers: Worker processes; 0 works in this process, without time-out.
    """

    smiles_column: str = "smiles"
    endpoints: tuple[Endpoint, ...] = ()
    standardize: StandardizeSpec = field(default_factory=StandardizeSpec)
    conflicts_classification: str = "drop"
    conflicts_regression: str = "mean"
    workers: int = 2

    def __post_init__(self) -> None:
        """Check the policies."""
        check_policy(self.conflicts_classification, "intake.conflicts_classification")
        check_policy(self.conflicts_regression, "intake.conflicts_regression")

    def policy(self, endpoint: Endpoint) -> str:
        """Return the conflict policy for an endpoint."""
        return self.conflicts_classification if endpoint.kind == "classification" else self.conflicts_regression


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row that was not used, and why."""

    row: int
    smiles: str
    reason: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of a file.

    Attributes:
        table: The molecules, in order of first appearance.
        dropped: Rows that were not used.
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
    """A row of a file and its standardised molecule, or why there is none."""

    row: int
    smiles: str
    values: tuple[object, ...]
    molecule: Standardized | MoleculeRejected


@dataclass(slots=True)
class _Entry:
    smiles: str
    rows: list[RawRow]
    values: list[tuple[float, ...]]


def iter_intake(path: Path, spec: IntakeSpec) -> Iterator[IncomingRow]:
    """Yield every row of a file with its standardised molecule, in order and bounded memory; duplicates stay."""
    rows, smiles = tee(read_rows(path, spec.smiles_column, [endpoint.name for endpoint in spec.endpoints]))
    found = standardize_many((row.smiles for row in smiles), spec.standardize, spec.workers)
    for row, molecule in zip(rows, found, strict=True):
        yield IncomingRow(row.row, row.smiles, row.values, molecule)


def intake(path: Path, spec: IntakeSpec, progress: Callable[[int], None] | None = None) -> Intake:
    """Take a molecule file in.

    Args:
        path: The file.
        spec: How.
        progress: Called with the number of rows done, now and then.

    Raises:
        InputError: The file cannot be read, a label is no number, or no molecule is left.
    """
    dropped: list[DroppedRow] = []
    entries: dict[str, _Entry] = {}
    count = 0
    for count, row in enumerate(iter_intake(path, spec), start=1):
        where = f"{path}, row {row.row}"
        values = tuple(to_number(cell, endpoint, where) for cell, endpoint in zip(row.values, spec.endpoints, strict=True))
        if progress and count % BATCH == 0:
            progress(count)
        if isinstance(row.molecule, MoleculeRejected):
            dropped.append(DroppedRow(row.row, row.smiles, row.molecule.reason))
        elif spec.endpoints and all(np.isnan(values)):
            dropped.append(DroppedRow(row.row, row.smiles, "no label"))
        else:
            entry = entries.setdefault(row.molecule.key, _Entry(row.molecule.smiles, [], []))
            entry.rows.append(RawRow(row.row, row.smiles, ()))
            entry.values.append(values)
    return _merged(path, spec, entries, dropped, count)


def _merged(path: Path, spec: IntakeSpec, entries: dict[str, _Entry], dropped: list[DroppedRow], rows: int) -> Intake:
    smiles, keys, labels, merged = [], [], [], 0
    for key, entry in entries.items():
        label = [merge_values([v[i] for v in entry.values], endpoint, spec.policy(endpoint)) for i, endpoint in enumerate(spec.endpoints)]
        if spec.endpoints and all(np.isnan(label)):
            dropped += [DroppedRow(row.row, row.smiles, "conflicting labels") for row in entry.rows]
            continue
        smiles.append(entry.smiles)
        keys.append(key)
        labels.append(label)
        merged += len(entry.rows) - 1
    if not smiles:
        first = f", first: row {dropped[0].row}, {dropped[0].reason}" if dropped else ""
        raise InputError(
            f"no valid molecule in {rows} rows{first}",
            where=str(path),
            expected="at least one usable molecule",
            remedy="Check the columns.",
        )
    matrix = np.array(labels, dtype=np.float32).reshape(len(smiles), len(spec.endpoints))
    table = MoleculeTable(tuple(smiles), tuple(keys), matrix, spec.endpoints)
    return Intake(table, tuple(sorted(dropped, key=lambda row: row.row)), merged, rows)


def write_dropped(path: Path, dropped: tuple[DroppedRow, ...]) -> None:
    """Write the list of dropped rows as CSV."""
    with atomic_file(path) as temporary, temporary.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "smiles", "reason"])
        writer.writerows((row.row, row.smiles, row.reason) for row in dropped)


def check_quorum(table: MoleculeTable, minimum: int = 25, where: str = "") -> None:
    """Refuse to learn from too few labels.

    Raises:
        QuorumError: An endpoint has one class only, or fewer than `minimum` labels of a class (classification) or in all (regression).
    """
    for column, endpoint in enumerate(table.endpoints):
        values = table.labels[:, column]
        if endpoint.kind == "classification":
            counts = {f"{label} labels": int(np.sum(values == label)) for label in (0, 1)}
        else:
            counts = {"labels": int(np.isfinite(values).sum())}
        if min(counts.values()) < minimum:
            found = " and ".join(f"{count} {name}" for name, count in counts.items())
            expected = f"at least {minimum} {'of each class' if endpoint.kind == 'classification' else 'values'}"
            raise QuorumError(
                f"endpoint {endpoint.name!r} has {found}", where=where, expected=expected, remedy="Add data, or lower intake.quorum."
            )
