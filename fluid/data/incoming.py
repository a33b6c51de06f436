"""Rows of a molecule file with their standardised, featurised molecules, chunk by chunk, in order and bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee
from pathlib import Path
from typing import NamedTuple

from fluid.data.intake_spec import IntakeSpec
from fluid.data.named import check_named
from fluid.data.readers import read_rows
from fluid.data.rows import RawRow
from fluid.data.source import source_of
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import Standardized
from fluid.molecules.workers import prepare_many

CHUNK = 512


@dataclass(frozen=True, slots=True)
class IncomingRow:
    """A row of a file and its standardised molecule, or why there is none.

    Attributes:
        row: Number of the row, from 1 after the header.
        smiles: SMILES as it stands in the file.
        values: The cells of the asked endpoints, as they stand in the file.
        molecule: The standardised molecule or the reason of its rejection.
        carried: The cells of the columns that go along, as they stand in the file.
    """

    row: int
    smiles: str
    values: tuple[object, ...]
    molecule: Standardized | MoleculeRejected
    carried: tuple[object, ...] = ()


class IncomingChunk(NamedTuple):
    """Consecutive rows, and the molecules of those that have one, in order."""

    rows: list[IncomingRow]
    molecules: MoleculeSet


def read_incoming(
    path: Path, spec: IntakeSpec, with_keys: bool = True, skip: int = 0, chunk: int = CHUNK, most: int = 0
) -> Iterator[IncomingChunk]:
    """Yield all rows of a file; duplicates stay.

    Args:
        path: The file.
        spec: How it is read and standardised.
        with_keys: Whether the molecules' InChIKeys are made.
        skip: First rows to leave out.
        chunk: Rows per chunk.
        most: Rows to stop after; 0: none.

    Raises:
        InputError: The file cannot be read, or names an endpoint in no row.
    """
    source = source_of(path, spec.smiles_column, spec.parsed_endpoints)
    if not skip:
        check_named(path, spec, source)
    columns, read = spec.layout.columns(source), spec.layout.reader(source)
    raw = islice(read_rows(path, source.smiles_column, (*columns, *spec.carry), spec.file), skip, skip + most if most else None)
    rows, ahead = tee((read(row), row.values[len(columns) :]) for row in raw)
    smiles = ("" if row.problem else row.smiles for row, _ in ahead)
    for prepared in prepare_many(smiles, spec.standardize, spec.workers, with_keys, chunk):
        found = zip(islice(rows, len(prepared.results)), prepared.results, strict=True)
        yield IncomingChunk([_with_molecule(row, carried, result) for (row, carried), result in found], prepared.molecules)


def _with_molecule(row: RawRow, carried: tuple[object, ...], result: Standardized | MoleculeRejected) -> IncomingRow:
    return IncomingRow(row.row, row.smiles, row.values, MoleculeRejected(row.problem) if row.problem else result, carried)


def gather_chunks(chunks: Iterator[IncomingChunk], n_rows: int) -> Iterator[IncomingChunk]:
    """Yield the same rows in chunks of about `n_rows`: as many whole chunks as are needed to reach it."""
    held: list[IncomingChunk] = []
    for chunk in chunks:
        held.append(chunk)
        if sum(len(part.rows) for part in held) >= n_rows:
            yield join_chunks(held)
            held = []
    if held:
        yield join_chunks(held)


def join_chunks(chunks: Sequence[IncomingChunk]) -> IncomingChunk:
    """Return the rows of all chunks as one."""
    rows = [row for chunk in chunks for row in chunk.rows]
    return IncomingChunk(rows, chunks[0].molecules.followed_by([chunk.molecules for chunk in chunks[1:]]))
