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
from fluid.data.censoring import check_censored, find_bounds, join_censored
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, InputError, ShapeError

METADATA = b"fluid"
SMILES_COLUMN, KEY_COLUMN = "smiles", "key"
ROW_GROUP = 16_384
UNREADABLE = (OSError, pa.ArrowException, KeyError, ValueError, TypeError, InputError)


def label_column(endpoint: Endpoint) -> str:
    """Return the column of a stored table that holds an endpoint's labels."""
    return f"label/{endpoint.name}"


def censored_column(endpoint: Endpoint) -> str:
    """Return the column of a stored table that says which of an endpoint's labels are censored."""
    return f"censored/{endpoint.name}"


@dataclass(frozen=True, slots=True)
class MoleculeTable:
    """`M` different molecules and `T` endpoints.

    Attributes:
        smiles: Standardised SMILES.
        keys: Their keys, each once; see `fluid.molecules.key`.
        labels: `(M, T)` float32: 0 or 1, or values; NaN where not measured.
        endpoints: The endpoints; none for unlabelled molecules.
        censored: `(M, T)` int8: -1 where the true value is below the label, +1 where it is above, 0 where it was measured; `None`: no label
            is censored.

    Raises:
        ShapeError: Lengths, shapes or types disagree, or a key or endpoint name is there twice.
        InputError: A label is infinite, or a censored one is no value of a regression endpoint.
    """

    smiles: tuple[str, ...]
    keys: tuple[str, ...]
    labels: np.ndarray
    endpoints: tuple[Endpoint, ...] = ()
    censored: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check lengths, types and values."""
        if len(self.keys) != len(self.smiles) or self.labels.shape != (len(self.smiles), len(self.endpoints)):
            raise ShapeError(
                f"{len(self.smiles)} smiles, {len(self.keys)} keys, labels {self.labels.shape}, {len(self.endpoints)} endpoints",
                expected="(molecules, endpoints) labels and one key per molecule",
            )
        if self.labels.dtype != np.float32:
            raise ShapeError(f"labels have type {self.labels.dtype}", expected="float32")
        if len(set(self.keys)) != len(self.keys):
            remedy = "Take the file in with intake, which merges duplicates."
            raise ShapeError("a molecule key is there twice", expected="different molecules", remedy=remedy)
        if len({endpoint.name for endpoint in self.endpoints}) != len(self.endpoints):
            raise ShapeError("an endpoint name is there twice", expected="different names")
        if np.isinf(self.labels).any():
            raise InputError("a label is infinite", expected="finite labels, or NaN where not measured")
        if self.censored is not None:
            check_censored(self.censored, self.labels, self.endpoints)

    def __len__(self) -> int:
        return len(self.smiles)

    @property
    def digest(self) -> str:
        """SHA-256 of molecules, endpoints and labels, in order."""
        endpoints = json.dumps([endpoint.to_dict() for endpoint in self.endpoints], sort_keys=True)
        state = hashlib.sha256("\n".join((*self.smiles, "", *self.keys, "", endpoints)).encode())
        state.update(_canonical(self.labels).tobytes())
        if (bounds := find_bounds(self.censored)) is not None:
            state.update(np.ascontiguousarray(bounds).tobytes())
        return state.hexdigest()

    def take(self, index: np.ndarray) -> "MoleculeTable":
        """Return the rows at `index`: row numbers, or a mask over all rows."""
        rows = np.arange(len(self))[index]
        smiles, keys = (tuple(values[i] for i in rows) for values in (self.smiles, self.keys))
        return MoleculeTable(smiles, keys, self.labels[rows], self.endpoints, None if self.censored is None else self.censored[rows])

    def concatenate(self, others: Sequence["MoleculeTable"]) -> "MoleculeTable":
        """Return these molecules followed by those of tables with the same endpoints.

        Raises:
            ShapeError: Endpoints differ, or a molecule is in two tables.
        """
        tables = [self, *others]
        if any(table.endpoints != self.endpoints for table in tables):
            raise ShapeError("tables with different endpoints cannot be joined")
        smiles, keys = (tuple(value for table in tables for value in getattr(table, name)) for name in ("smiles", "keys"))
        labels, censored = (
            np.concatenate([table.labels for table in tables]),
            join_censored([(table.labels, table.censored) for table in tables]),
        )
        return MoleculeTable(smiles, keys, labels, self.endpoints, censored)

    def save(self, path: Path) -> None:
        """Write Parquet, atomically; equal tables give equal bytes."""
        fields = [pa.field(SMILES_COLUMN, pa.string()), pa.field(KEY_COLUMN, pa.string())]
        fields += [pa.field(label_column(endpoint), pa.float32()) for endpoint in self.endpoints]
        fields += [pa.field(censored_column(endpoint), pa.int8()) for endpoint in self.endpoints if self.censored is not None]
        metadata = {METADATA: json.dumps([endpoint.to_dict() for endpoint in self.endpoints], sort_keys=True).encode()}
        schema = pa.schema(fields, metadata)
        with atomic_file(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
            for start in range(0, max(len(self), 1), ROW_GROUP):
                writer.write_table(self._arrow(slice(start, start + ROW_GROUP), schema))

    def _arrow(self, rows: slice, schema: pa.Schema) -> pa.Table:
        columns = [pa.array(self.smiles[rows], pa.string()), pa.array(self.keys[rows], pa.string())]
        columns += [pa.array(plane, pa.float32()) for plane in _canonical(self.labels[rows]).T]
        columns += [] if self.censored is None else [pa.array(np.ascontiguousarray(plane), pa.int8()) for plane in self.censored[rows].T]
        return pa.Table.from_arrays(columns, schema=schema)

    @classmethod
    def load(cls, path: Path) -> "MoleculeTable":
        """Read what `save` wrote.

        Raises:
            ArtifactError: The file is missing, torn, or no molecule table.
        """
        try:
            with pq.ParquetFile(path) as file:
                return _from_arrow(file)
        except UNREADABLE as error:
            what = f"cannot be read as a molecule table ({_why(error)})"
            raise ArtifactError(what, where=str(path), remedy="Delete it and run again.") from None


def _check_classes(labels: np.ndarray, endpoint: Endpoint) -> None:
    if endpoint.kind == "classification" and not (np.isnan(labels) | (labels == 0) | (labels == 1)).all():
        raise ValueError(f"a label of endpoint {endpoint.name!r} is not 0, 1 or missing")


def _canonical(labels: np.ndarray) -> np.ndarray:
    """Return labels with one bit pattern for each of zero and NaN, in rows, little-endian."""
    return np.ascontiguousarray(np.where(np.isnan(labels), np.float32("nan"), labels + np.float32(0)), dtype="<f4")


def _from_arrow(file: pq.ParquetFile) -> MoleculeTable:
    endpoints = tuple(Endpoint.from_dict(value) for value in json.loads((file.schema_arrow.metadata or {})[METADATA]))
    texts, names = (list[str](), list[str]()), [label_column(endpoint) for endpoint in endpoints]
    marks = [name for name in map(censored_column, endpoints) if name in file.schema_arrow.names]
    parts, signs = [np.empty((0, len(names)), dtype=np.float32)], [np.empty((0, len(marks)), dtype=np.int8)]
    for batch in file.iter_batches(ROW_GROUP, columns=[SMILES_COLUMN, KEY_COLUMN, *names, *marks]):
        for values, name in zip(texts, (SMILES_COLUMN, KEY_COLUMN), strict=True):
            values += batch[name].to_pylist()
        parts.append(_planes(batch, names).astype(np.float32))
        signs.append(_planes(batch, marks).astype(np.int8))
    labels, censored = np.concatenate(parts), np.concatenate(signs) if marks else None
    for column, endpoint in enumerate(endpoints):
        _check_classes(labels[:, column], endpoint)
    if not all(isinstance(value, str) for values in texts for value in values):
        raise ValueError("a molecule or key is missing")
    return MoleculeTable(tuple(texts[0]), tuple(texts[1]), labels, endpoints, censored)


def _planes(batch: pa.RecordBatch, names: Sequence[str]) -> np.ndarray:
    """Return some columns `(M, T)`."""
    planes = [batch[name].to_numpy(zero_copy_only=False) for name in names]
    return np.stack(planes, axis=1) if planes else np.empty((len(batch), 0), dtype=np.float32)


def _why(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "file not found"
    if isinstance(error, KeyError):
        return "it lacks a column or its endpoints"
    return (str(error).splitlines() or [type(error).__name__])[0][:200].rstrip(".")


def stored_endpoints(path: Path) -> tuple[Endpoint, ...] | None:
    """Return the endpoints of a file that `MoleculeTable.save` wrote; None for any other file."""
    try:
        metadata = pq.read_schema(path).metadata or {}
        return tuple(Endpoint.from_dict(value) for value in json.loads(metadata[METADATA]))
    except UNREADABLE:
        return None
