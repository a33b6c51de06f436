"""Incoming rows on disk, so that a stopped intake goes on where it was."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.data.incoming import CHUNK, IncomingRow, gather_chunks, read_incoming
from fluid.data.intake_spec import IntakeSpec
from fluid.molecules.library import read_library, write_parts
from fluid.molecules.packed import PackedGraphs
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.standardize import Standardized
from fluid.pipeline.shards import Shards

SHARD_ROWS = 8192
ROWS = "rows.parquet"
SCHEMA = pa.schema(
    [
        ("row", pa.int64()), ("smiles", pa.string()), ("values", pa.string()),
        ("standardized", pa.string()), ("key", pa.string()), ("note", pa.string()), ("reason", pa.string()),
    ]
)  # fmt: skip


def fill_shards(path: Path, spec: IntakeSpec, shards: Shards) -> None:
    """Read, standardise and featurise the rows of a file that no finished shard holds."""
    read = sum(pq.read_metadata(folder / ROWS).num_rows for folder in shards)
    for chunk in gather_chunks(read_incoming(path, spec, skip=read, chunk=min(CHUNK, SHARD_ROWS)), SHARD_ROWS):
        with shards.piece() as folder:
            pq.write_table(pa.Table.from_pylist([_cells(row) for row in chunk.rows], schema=SCHEMA), folder / ROWS)
            write_parts(folder, [(chunk.molecules.graphs, chunk.molecules.bits)])


def _cells(row: IncomingRow) -> dict[str, object]:
    cells: dict[str, object] = {"row": row.row, "smiles": row.smiles, "values": json.dumps(row.values, default=str)}
    if isinstance(row.molecule, MoleculeRejected):
        return {**cells, "reason": row.molecule.reason}
    return {**cells, "standardized": row.molecule.smiles, "key": row.molecule.key, "note": row.molecule.note}


def _row(cells: dict[str, str | int | None]) -> IncomingRow:
    if cells["reason"] is None:
        molecule: Standardized | MoleculeRejected = Standardized(str(cells["standardized"]), str(cells["key"]), str(cells["note"]))
    else:
        molecule = MoleculeRejected(str(cells["reason"]))
    return IncomingRow(int(cells["row"] or 0), str(cells["smiles"]), tuple(json.loads(str(cells["values"]))), molecule)


def rows_in(shards: Shards) -> Iterator[IncomingRow]:
    """Yield the rows of all shards, in order."""
    for folder in shards:
        yield from map(_row, pq.read_table(folder / ROWS).to_pylist())


def molecules_in(shards: Shards, kept: np.ndarray) -> Iterator[tuple[PackedGraphs, np.ndarray]]:
    """Yield graphs and fingerprints of the kept molecules, shard by shard.

    Args:
        shards: Finished shards.
        kept: Which of all their molecules, counted through, ascending.
    """
    first = 0
    for folder in shards:
        keys = pq.read_table(folder / ROWS, columns=["key"])["key"].drop_null().to_pylist()
        here = kept[(kept >= first) & (kept < first + len(keys))] - first
        molecules = read_library(folder, keys, keys).take(here)
        yield molecules.graphs, molecules.bits
        first += len(keys)
