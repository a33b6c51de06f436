"""A set of molecules with what was measured of them: what every stage reads."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from fluid.artifacts import Artifact, hash_json
from fluid.data.endpoints import Endpoint
from fluid.data.table import MoleculeTable
from fluid.errors import ShapeError
from fluid.molecules.library import read_library, write_parts
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import PackedGraphs


@dataclass(frozen=True, eq=False)
class Dataset:
    """Molecules, and measured labels of some endpoints.

    Attributes:
        molecules: `M` standardised molecules, with keys, graphs and fingerprints.
        endpoints: The `T` endpoints; none of an unlabelled set.
        labels: `(M, T)` float32, NaN where not measured.
        censored: Which labels are bounds of the true value, as in `MoleculeTable`; `None`: none is.

    Raises:
        ShapeError: Labels, or which of them are censored, are not `(M, T)`.
    """

    molecules: MoleculeSet
    endpoints: tuple[Endpoint, ...]
    labels: np.ndarray
    censored: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check the shape of the labels."""
        if self.labels.shape != (len(self.molecules), len(self.endpoints)):
            raise ShapeError(f"labels have shape {self.labels.shape}", expected=f"({len(self.molecules)}, {len(self.endpoints)})")
        if self.censored is not None and self.censored.shape != self.labels.shape:
            raise ShapeError(f"censored has shape {self.censored.shape}", expected=str(self.labels.shape))

    def __len__(self) -> int:
        return len(self.molecules)

    @cached_property
    def table(self) -> MoleculeTable:
        """SMILES, keys and labels as they are stored."""
        return MoleculeTable(self.molecules.smiles, self.molecules.keys, self.labels, self.endpoints, self.censored)

    @property
    def digest(self) -> str:
        """Hash of molecules, labels and endpoints."""
        return hash_json([self.table.digest, [endpoint.to_dict() for endpoint in self.endpoints]])

    @property
    def transfer_digest(self) -> str:
        """Hash of the molecules only, in order: the identity of a transfer set."""
        return self.molecules.digest

    def take(self, rows: np.ndarray) -> "Dataset":
        """Return some rows, in the given order."""
        if np.array_equal(rows, np.arange(len(self))):
            return self
        censored = None if self.censored is None else self.censored[rows]
        return replace(self, molecules=self.molecules.take(rows), labels=self.labels[rows], censored=censored)

    def with_labels(self, labels: np.ndarray, endpoints: tuple[Endpoint, ...], censored: np.ndarray | None = None) -> "Dataset":
        """Return the same molecules with other labels `(M, T)`, of which some may be censored."""
        return replace(self, labels=labels, endpoints=endpoints, censored=censored)


def write_dataset(folder: Path, table: MoleculeTable, parts: Iterable[tuple[PackedGraphs, np.ndarray]]) -> None:
    """Write the table, and the graphs and fingerprints of its molecules as they come."""
    table.save(folder / "table.parquet")
    write_parts(folder, parts)


def read_dataset(artifact: Artifact) -> Dataset:
    """Read a verified set of molecules; the graphs are memory-mapped."""
    table = MoleculeTable.load(artifact / "table.parquet")
    return Dataset(read_library(artifact.folder, table.smiles, table.keys), table.endpoints, table.labels, table.censored)
