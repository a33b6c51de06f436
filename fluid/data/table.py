"""Standardised molecules with their labels."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.artifacts import atomic_file
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ShapeError

METADATA = b"fluid"


@dataclass(frozen=True, slots=True)
class MoleculeTable:
    """`M` different molecules and `T` endpoints.

    Attributes:
        smiles: Standardised SMILES.
        keys: First InChIKey blocks, each once.
        labels: `(M, T)` float32: 0 or 1, or values; NaN where not measured.
        endpoints: The endpoints; none for unlabelled molecules.

    Raises:
        ShapeError: Lengths or shapes disagree, or a key is there twice.
    """

    smiles: tuple[str, ...]
    keys: tuple[str, ...]
    labels: np.ndarray
    endpoints: tuple[Endpoint, ...] = ()

    def __post_init__(self) -> None:
        """Check lengths and types."""
        if len(self.keys) != len(self.smiles) or self.labels.shape != (len(self.smiles), len(self.endpoints)):
            raise ShapeError(
                f"{len(self.smiles)} smiles, {len(self.keys)} keys, labels {self.labels.shape}, {len(self.endpoints)} endpoints",
                expected="(molecules, endpoints) labels and one key per molecule",
            )
        if self.labels.dtype != np.float32:
            raise ShapeError(f"labels have type {self.labels.dtype}", expected="float32")
        if len(set(self.keys)) != len(self.keys):
            raise ShapeError(
                "a molecule key is there twice",
                expected="different molecules",
                remedy="Take the file in with intake, which merges duplicates.",
            )

    def __len__(self) -> int:
        return len(self.smiles)

    @property
    def digest(self) -> str:
        """SHA-256 of molecules and labels, in order."""
        state = hashlib.sha256("\n".join((*self.smiles, "", *self.keys)).encode())
        state.update(np.ascontiguousarray(self.labels).tobytes())
        return state.hexdigest()

    def take(self, index: np.ndarray) -> "MoleculeTable":
        """Return the rows at `index`."""
        smiles, keys = (tuple(values[i] for i in index) for values in (self.smiles, self.keys))
        return MoleculeTable(smiles, keys, self.labels[index], self.endpoints)

    def concatenate(self, others: Sequence["MoleculeTable"]) -> "MoleculeTable":
        """Return these molecules followed by those of tables with the same endpoints.

        Raises:
            ShapeError: Endpoints differ.
        """
        tables = [self, *others]
        if any(table.endpoints != self.endpoints for table in tables):
            raise ShapeError("tables with different endpoints cannot be joined")
        smiles, keys = (tuple(value for table in tables for value in getattr(table, name)) for name in ("smiles", "keys"))
        return MoleculeTable(smiles, keys, np.concatenate([table.labels for table in tables]), self.endpoints)

    def save(self, path: Path) -> None:
        """Write Parquet (equal tables give equal bytes)."""
        columns: dict[str, object] = {"smiles": list(self.smiles), "key": list(self.keys)}
        columns |= {f"label/{e.name}": self.labels[:, i] for i, e in enumerate(self.endpoints)}
        metadata = {METADATA: json.dumps([e.to_dict() for e in self.endpoints], sort_keys=True).encode()}
        with atomic_file(path) as temporary:
            pq.write_table(pa.table(columns).replace_schema_metadata(metadata), temporary, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> "MoleculeTable":
        """Read what `save` wrote.

        Raises:
            ArtifactError: The file is missing, torn, or no molecule table.
        """
        try:
            table = pq.read_table(path)
            endpoints = tuple(Endpoint.from_dict(value) for value in json.loads((table.schema.metadata or {})[METADATA]))
            planes = [table[f"label/{endpoint.name}"].to_numpy() for endpoint in endpoints]
            labels = np.stack(planes, axis=1).astype(np.float32) if planes else np.empty((len(table), 0), dtype=np.float32)
            return cls(tuple(table["smiles"].to_pylist()), tuple(table["key"].to_pylist()), labels, endpoints)
        except (OSError, pa.ArrowInvalid, KeyError, ValueError) as error:
            what = str(error).splitlines()[0][:200]
            raise ArtifactError(
                f"cannot be read as a molecule table ({what})", where=str(path), remedy="Delete it and run again."
            ) from None
