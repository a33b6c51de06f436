"""The answers of a model to rows of a molecule file, as columns: one row per row, broken ones marked.

What a column holds follows from its place, never from its name: an endpoint may be called `hit_call`, `row` or `smiles`.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fluid.data.endpoints import Endpoint
from fluid.data.incoming import IncomingChunk
from fluid.federation.model_folder import Model
from fluid.models.prediction import Prediction
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected

FIRST = (("row", pa.int64()), ("smiles", pa.string()), ("standardized", pa.string()))
LAST = (("domain_bin", pa.int8()), ("in_domain", pa.bool_()), ("problem", pa.string()))
FIXED = frozenset(name for name, _ in (*FIRST, *LAST))
PREFIX = "endpoint."
"""What is put in front of the columns of an endpoint of which one would have the name of another column."""


class Part(NamedTuple):
    """One column of an endpoint: what is added to its name, and its type."""

    suffix: str
    type: pa.DataType


PLANES = tuple(Part(suffix, pa.float32()) for suffix in ("", "_epistemic", "_aleatoric"))
CALL = Part("_call", pa.int8())


def parts_of(endpoint: Endpoint) -> list[Part]:
    """Return the columns of an endpoint; only classes have a call."""
    return [*PLANES, CALL] if endpoint.kind == "classification" else list(PLANES)


def names_of(endpoints: Sequence[Endpoint]) -> list[list[str]]:
    """Return the names of each endpoint's columns, all different from each other and from those that every file has.

    An endpoint of which a column would clash has `endpoint.` in front of all of its columns, as often as it takes.
    """
    taken, names = set(FIXED), []
    for endpoint in endpoints:
        own = [f"{endpoint.name}{part.suffix}" for part in parts_of(endpoint)]
        while not taken.isdisjoint(own):
            own = [PREFIX + name for name in own]
        taken.update(own)
        names.append(own)
    return names


def schema_of(model: Model) -> pa.Schema:
    """Return names and types of the answer columns, in order."""
    endpoints = model.predictor.endpoints
    pairs = zip(endpoints, names_of(endpoints), strict=True)
    of_endpoints = [(name, part.type) for endpoint, own in pairs for name, part in zip(own, parts_of(endpoint), strict=True)]
    return pa.schema([*FIRST, *of_endpoints, *LAST])


def answer(model: Model, chunk: IncomingChunk) -> pa.Table:
    """Answer one chunk of rows; a rejected row gets empty cells and its problem."""
    rows = chunk.rows
    good = np.array([i for i, row in enumerate(rows) if not isinstance(row.molecule, MoleculeRejected)], dtype=np.int64)
    problems = [row.molecule.reason if isinstance(row.molecule, MoleculeRejected) else "" for row in rows]
    schema = schema_of(model)
    answered = _answers(model, chunk.molecules) if len(good) else [[]] * (len(schema) - 3)
    spread = [_spread(values, good, len(rows)) for values in answered]
    columns = [[row.row for row in rows], [row.smiles for row in rows], *spread, problems]
    return pa.Table.from_arrays([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)


def _spread(values: Sequence[Any], good: np.ndarray, n: int) -> list[Any]:
    """Return values at their rows, and nothing at the others."""
    column: list[Any] = [None] * n
    for row, value in zip(good.tolist(), values, strict=True):
        column[row] = value
    return column


def _answers(model: Model, chosen: MoleculeSet) -> list[list[Any]]:
    """Return the columns from `standardized` to `in_domain` for molecules that could be answered."""
    prediction, bins = model.predictor.predict(chosen), model.domain.bins(chosen.bits)
    of_endpoints = [
        values.tolist()
        for i, endpoint in enumerate(model.predictor.endpoints)
        for values in _of_endpoint(prediction, i, endpoint, model.thresholds[i])
    ]
    return [list(chosen.smiles), *of_endpoints, bins.tolist(), (bins > 0).tolist()]


def _of_endpoint(prediction: Prediction, i: int, endpoint: Endpoint, threshold: float) -> Iterator[np.ndarray]:
    yield from (plane[:, i] for plane in (prediction.mean, prediction.epistemic, prediction.aleatoric))
    if endpoint.kind == "classification":
        yield (prediction.mean[:, i] >= threshold).astype(np.int8)
