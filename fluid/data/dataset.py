"""One prepared set of molecules: standardised table and packed graphs, side by side."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fluid.artifacts import Artifact, hash_json
from fluid.data.table import MoleculeTable
from fluid.molecules.library import read_library, write_parts
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import PackedGraphs


@dataclass(frozen=True, slots=True)
class Dataset:
    """A prepared set of molecules.

    Attributes:
        table: Standardised SMILES, keys and labels `(M, T)`.
        molecules: The same molecules with their graphs.
    """

    table: MoleculeTable
    molecules: MoleculeSet

    def __len__(self) -> int:
        return len(self.table)

    @property
    def digest(self) -> str:
        """Hash of molecules, labels and endpoints."""
        return hash_json([self.table.digest, [endpoint.to_dict() for endpoint in self.table.endpoints]])

    @property
    def transfer_digest(self) -> str:
        """Hash of the molecules only, in order: the identity of a transfer set."""
        return self.molecules.digest

    def take(self, rows: np.ndarray) -> "Dataset":
        """Return the part's rows in the given order."""
        return self if np.array_equal(rows, np.arange(len(self))) else Dataset(self.table.take(rows), self.molecules.take(rows))


def write_dataset(folder: Path, table: MoleculeTable, parts: Iterable[tuple[PackedGraphs, np.ndarray]]) -> None:
    """Write the table, and the graphs and fingerprints of its molecules as they come."""
    table.save(folder / "table.parquet")
    write_parts(folder, parts)


def read_dataset(artifact: Artifact) -> Dataset:
    """Read a verified part; the graphs are memory-mapped."""
    table = MoleculeTable.load(artifact / "table.parquet")
    return Dataset(table, read_library(artifact.folder, table.smiles, table.keys))
