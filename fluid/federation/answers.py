"""The answers of a model to rows of a molecule file, as columns: one row per row, broken ones marked."""

from typing import Any

import numpy as np
import pyarrow as pa

from fluid.data.incoming import IncomingChunk
from fluid.federation.model_folder import Model
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected

Columns = dict[str, list[Any]]


def columns_of(model: Model) -> list[str]:
    """Return the columns of an answer file."""
    planes = []
    for endpoint in model.predictor.endpoints:
        planes += [endpoint.name, f"{endpoint.name}_epistemic", f"{endpoint.name}_aleatoric"]
        planes += [f"{endpoint.name}_call"] if endpoint.kind == "classification" else []
    return ["row", "smiles", "standardized", *planes, "domain_bin", "in_domain", "problem"]


def answer(model: Model, chunk: IncomingChunk) -> Columns:
    """Answer one chunk of rows; a rejected row gets empty cells and its problem."""
    rows = chunk.rows
    good = [i for i, row in enumerate(rows) if not isinstance(row.molecule, MoleculeRejected)]
    columns: Columns = {name: [None] * len(rows) for name in columns_of(model)}
    columns["row"], columns["smiles"] = [row.row for row in rows], [row.smiles for row in rows]
    columns["problem"] = [row.molecule.reason if isinstance(row.molecule, MoleculeRejected) else "" for row in rows]
    if good:
        for name, values in _answers(model, chunk.molecules).items():
            for i, value in zip(good, values, strict=True):
                columns[name][i] = value
    return columns


def _answers(model: Model, chosen: MoleculeSet) -> Columns:
    prediction, bins = model.predictor.predict(chosen), model.domain.bins(chosen.bits)
    columns: Columns = {"standardized": list(chosen.smiles), "domain_bin": bins.tolist(), "in_domain": (bins > 0).tolist()}
    for i, endpoint in enumerate(model.predictor.endpoints):
        mean = prediction.mean[:, i]
        columns[endpoint.name] = mean.tolist()
        columns[f"{endpoint.name}_epistemic"] = prediction.epistemic[:, i].tolist()
        columns[f"{endpoint.name}_aleatoric"] = prediction.aleatoric[:, i].tolist()
        if endpoint.kind == "classification":
            columns[f"{endpoint.name}_call"] = (mean >= model.thresholds[i]).astype(np.int8).tolist()
    return columns


def schema_of(model: Model) -> pa.Schema:
    """Return the types of the answer columns."""
    types = {
        "row": pa.int64(),
        "smiles": pa.string(),
        "standardized": pa.string(),
        "problem": pa.string(),
        "domain_bin": pa.int8(),
        "in_domain": pa.bool_(),
    }
    return pa.schema([(name, types.get(name, pa.int8() if name.endswith("_call") else pa.float32())) for name in columns_of(model)])
