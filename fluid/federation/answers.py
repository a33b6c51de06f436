"""The answers of a model to rows of a molecule file, as columns: one row per row, broken ones marked.

What a column holds follows from its place, never from its name: an endpoint may be called `hit_call`, `row` or `smiles`, and so may a
column that goes along. An endpoint's columns are named as if nothing went along.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from fluid.data.carried import carried_columns
from fluid.data.endpoints import Endpoint
from fluid.data.incoming import IncomingChunk
from fluid.federation.model_folder import Model
from fluid.models.prediction import Prediction
from fluid.molecules.parse import MoleculeRejected

FIRST = (("row", pa.int64()), ("smiles", pa.string()), ("standardized", pa.string()))
LAST = (("domain_bin", pa.int8()), ("in_domain", pa.bool_()), ("problem", pa.string()), ("note", pa.string()))
FIXED = frozenset(name for name, _ in (*FIRST, *LAST))
PREFIX = "endpoint."
"""What is put in front of the columns of an endpoint of which one would have the name of another column."""
INPUT = "input."
"""What is put in front of a carried column that would have the name of a column of the answers."""


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


def names_of_carried(carried: Sequence[str], taken: Collection[str]) -> list[str]:
    """Return the names of carried columns, all different from each other and from those that are taken.

    One that would clash has `input.` in front, as often as it takes; the others keep their names.
    """
    used, names = {*taken, *carried}, []
    for name in carried:
        new = name
        while new in taken or (new != name and new in used):
            new = INPUT + new
        used.add(new)
        names.append(new)
    return names


def schema_of(model: Model, carried: Sequence[pa.Field] = ()) -> pa.Schema:
    """Return names and types of the answer columns, in order; what goes along stands after the number of the row."""
    endpoints = model.predictor.endpoints
    pairs = zip(endpoints, names_of(endpoints), strict=True)
    of_endpoints = [(name, part.type) for endpoint, own in pairs for name, part in zip(own, parts_of(endpoint), strict=True)]
    answered = [*FIRST, *of_endpoints, *LAST]
    names = names_of_carried([field.name for field in carried], [name for name, _ in answered])
    along = [(name, field.type) for name, field in zip(names, carried, strict=True)]
    return pa.schema([answered[0], *along, *answered[1:]])


class Said(NamedTuple):
    """What a model says of the molecules of a chunk: predictions, and the bins of the domain score."""

    prediction: Prediction
    bins: np.ndarray


def answer(model: Model, chunk: IncomingChunk, carried: Sequence[pa.Field] = ()) -> pa.Table:
    """Answer one chunk of rows; a rejected row gets empty cells and its problem, and keeps what goes along."""
    molecules = chunk.molecules
    said = Said(model.predictor.predict(molecules), model.domain.bins(molecules.bits)) if len(molecules) else None
    return lay_out(model, chunk, said, carried)


def lay_out(model: Model, chunk: IncomingChunk, said: Said | None, carried: Sequence[pa.Field] = ()) -> pa.Table:
    """Return what was said of a chunk's molecules as a table of all of its rows.

    Args:
        model: Who said it.
        chunk: The rows.
        said: What was said of those that have a molecule; `None` if there are none.
        carried: Names and types of what goes along.
    """
    rows, schema = chunk.rows, schema_of(model, carried)
    good = np.array([i for i, row in enumerate(rows) if not isinstance(row.molecule, MoleculeRejected)], dtype=np.int64)
    problems = [row.molecule.reason if isinstance(row.molecule, MoleculeRejected) else "" for row in rows]
    notes = ["" if isinstance(row.molecule, MoleculeRejected) else row.molecule.note for row in rows]
    given = [[row.row for row in rows], *carried_columns(rows, carried), [row.smiles for row in rows]]
    answered = [chunk.molecules.smiles, *_answers(model, said)] if said else [()] * (len(schema) - len(given) - 2)
    columns = [*given, *(_spread(values, good, len(rows)) for values in answered), problems, notes]
    return pa.Table.from_arrays([pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema)


def _spread(values: Sequence[Any], good: np.ndarray, n: int) -> list[Any]:
    """Return values at their rows, and nothing at the others."""
    column: list[Any] = [None] * n
    for row, value in zip(good.tolist(), values, strict=True):
        column[row] = value
    return column


def _answers(model: Model, said: Said) -> list[list[Any]]:
    """Return the columns from the first endpoint to `in_domain` for molecules that could be answered."""
    of_endpoints = [
        values.tolist()
        for i, endpoint in enumerate(model.predictor.endpoints)
        for values in _of_endpoint(said.prediction, i, endpoint, model.thresholds[i])
    ]
    return [*of_endpoints, said.bins.tolist(), (said.bins > 0).tolist()]


def _of_endpoint(prediction: Prediction, i: int, endpoint: Endpoint, threshold: float) -> Iterator[np.ndarray]:
    yield from (plane[:, i] for plane in (prediction.mean, prediction.epistemic, prediction.aleatoric))
    if endpoint.kind == "classification":
        yield (prediction.mean[:, i] >= threshold).astype(np.int8)
