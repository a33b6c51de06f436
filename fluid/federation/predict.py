"""Predict any molecule file in bounded memory: one answer per row, in order, broken rows marked."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.artifacts import atomic_file
from fluid.data.intake import IncomingRow, iter_intake
from fluid.errors import ConfigError
from fluid.federation.consortium import open_model
from fluid.federation.model_folder import Model
from fluid.federation.orders import PredictOrder
from fluid.federation.stages.intake import intake_spec, resolve
from fluid.federation.workshop import Watch
from fluid.models.prediction_file import PredictionFile
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.standardize import MoleculeRejected

Columns = dict[str, list[Any]]
DOMAIN_WORDS = ("outside", "edge", "inside", "core")


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows came in, were answered, and were marked as broken."""

    rows: int
    answered: int
    rejected: int


def columns_of(model: Model) -> list[str]:
    """Return the columns of an answer file."""
    planes = []
    for endpoint in model.predictor.endpoints:
        planes += [endpoint.name, f"{endpoint.name}_epistemic", f"{endpoint.name}_aleatoric"]
        planes += [f"{endpoint.name}_call"] if endpoint.kind == "classification" else []
    return ["row", "smiles", "standardized", *planes, "domain_bin", "in_domain", "problem"]


def answer(model: Model, rows: list[IncomingRow]) -> Columns:
    """Answer one chunk of rows; a rejected row gets empty cells and its problem."""
    good = [i for i, row in enumerate(rows) if not isinstance(row.molecule, MoleculeRejected)]
    columns: Columns = {name: [None] * len(rows) for name in columns_of(model)}
    columns["row"], columns["smiles"] = [row.row for row in rows], [row.smiles for row in rows]
    columns["problem"] = [row.molecule.reason if isinstance(row.molecule, MoleculeRejected) else "" for row in rows]
    if good:
        for name, values in _answers(model, [rows[i].molecule for i in good]).items():
            for i, value in zip(good, values, strict=True):
                columns[name][i] = value
    return columns


def _answers(model: Model, molecules: list[Any]) -> Columns:
    chosen = MoleculeSet.from_smiles(tuple(m.smiles for m in molecules), tuple(m.key for m in molecules))
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


def answers_in_chunks(model: Model, rows: Iterator[IncomingRow], chunk: int) -> Iterator[Columns]:
    """Yield the answers of `chunk` rows at a time."""
    while part := list(islice(rows, chunk)):
        yield answer(model, part)


def write_csv(path: Path, columns: list[str], chunks: Iterator[Columns]) -> None:
    """Write chunks of answers as CSV; missing cells are empty."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for chunk in chunks:
            writer.writerows(zip(*(chunk[name] for name in columns), strict=True))


def parquet_schema(model: Model) -> pa.Schema:
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


def write_parquet(path: Path, schema: pa.Schema, chunks: Iterator[Columns]) -> None:
    """Write chunks of answers as row groups of a Parquet file."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for chunk in chunks:
            writer.write_table(pa.table(chunk, schema=schema))


def counted(chunks: Iterator[Columns], watch: Watch, tally: list[int]) -> Iterator[Columns]:
    """Pass chunks on while counting rows and broken rows in `tally`."""
    for chunk in chunks:
        tally[0] += len(chunk["row"])
        tally[1] += sum(bool(problem) for problem in chunk["problem"])
        watch.start("predict", f"{tally[0]} rows")
        yield chunk


def check_target(out: Path, overwrite: bool) -> None:
    """Refuse a target that is of no known kind, or that exists.

    Raises:
        ConfigError: The suffix is unknown, or the file exists and `overwrite` is false.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"out is {str(out)!r}", expected="a file name that ends in .csv or .parquet")
    if out.exists() and (out.is_dir() or not overwrite):
        raise ConfigError("the output file exists already", where=str(out), remedy="Choose another out=, or add overwrite=true.")


def predict_file(order: PredictOrder, watch: Watch) -> Counts:
    """Answer every row of a molecule file, in its order, streaming.

    Raises:
        InputError: The file cannot be read at all; single broken rows are marked instead.
    """
    check_target(order.out, order.overwrite)
    _, model = open_model(order.model_folder)
    looked_up = isinstance(model.predictor, PredictionFile)  # the only kind that knows molecules by their key
    rows = iter_intake(resolve(order.input), intake_spec(order.intake, labelled=False), with_keys=looked_up)
    tally = [0, 0]
    chunks = counted(answers_in_chunks(model, rows, order.annotation.chunk), watch, tally)
    with atomic_file(order.out) as temporary:
        if order.out.suffix == ".csv":
            write_csv(temporary, columns_of(model), chunks)
        else:
            write_parquet(temporary, parquet_schema(model), chunks)
    return Counts(tally[0], tally[0] - tally[1], tally[1])
