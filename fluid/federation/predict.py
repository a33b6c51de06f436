"""Predict any molecule file in bounded memory: one answer per row, in order, broken rows marked.

The answers are kept in shards beside the target until all are there: a run that was stopped, even by `kill -9`, goes on after the
last whole shard.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from fluid.artifacts import atomic_file, hash_json, hash_unchanged, without_link
from fluid.data.carried import carried_fields
from fluid.data.columns import check_source
from fluid.data.dropped import DroppedRow, dropped_file, read_reasons, told_reasons
from fluid.data.incoming import CHUNK, gather_chunks, read_incoming
from fluid.errors import ConfigError
from fluid.federation.answers import answer, schema_of
from fluid.federation.apart import check_apart
from fluid.federation.model_folder import Model, open_model
from fluid.federation.requests import PredictRequest
from fluid.federation.stages.intake import deciding_settings, resolve
from fluid.models.kinds.kind import kind_of, modules_of
from fluid.outputs import check_new_file
from fluid.pipeline.code import code_of
from fluid.pipeline.progress import Progress
from fluid.pipeline.shards import Shards
from fluid.pipeline.stage import library_versions
from fluid.threads import threads, threads_beside

TABLE = "answers.parquet"


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows came in, were answered, and were marked as broken; and what went along, by name and type in the answers."""

    rows: int
    answered: int
    rejected: int
    carried: tuple[pa.Field, ...] = field(default=(), compare=False)


def check_output(out: Path, overwrite: bool) -> None:
    """Refuse a target that is of no known kind, that exists, or that cannot be written.

    Raises:
        ConfigError: The suffix is unknown, the file or its list of dropped rows exists and `overwrite` is false, or one cannot be made.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"out is {str(out)!r}", expected="a file name that ends in .csv or .parquet")
    for file in (out, list_beside(out)):
        check_new_file(file, overwrite)


def list_beside(out: Path) -> Path:
    """Return the file that lists the rows without an answer: `a.dropped.csv` for `a.csv`, `a.parquet.dropped.csv` for Parquet."""
    return out.with_name(f"{out.name.removesuffix('.csv')}.dropped.csv")


def broken_rows(table: pa.Table) -> list[DroppedRow]:
    """Return the rows of some answers that have a problem instead."""
    broken = table.filter(pc.not_equal(table["problem"], ""))
    return [DroppedRow(*one) for one in zip(*(broken[name].to_pylist() for name in ("row", "smiles", "problem")), strict=True)]


def shards_of(request: PredictRequest, file: Path, model: Model) -> Shards:
    """Return the finished shards of a request; their key holds everything that decides an answer."""
    inputs = {
        "file": hash_unchanged(file),
        "suffix": "".join(file.suffixes[-2:]),
        "model": model.digest,
        "intake": deciding_settings(request.intake.unlabelled()),
        "carry": request.intake.carry,
        "annotation": request.annotation,
        "code": code_of("federation/predict.py", *modules_of(model.predictor)),
        "libraries": library_versions(),
    }
    out = without_link(request.out)
    return Shards(out.parent / f".{out.name}.shards", hash_json(inputs))


def answer_in_shards(request: PredictRequest, file: Path, model: Model, shards: Shards, progress: Progress) -> None:
    """Answer the rows that no finished shard holds, one shard of `annotation.chunk` rows at a time."""
    looked_up = kind_of(model.predictor).by_key
    read = sum(pq.read_metadata(folder / TABLE).num_rows for folder in shards)
    spec, size, carried = request.intake.unlabelled(), request.annotation.chunk, carried_fields(file, request.intake.carry)
    with threads(threads_beside(spec.workers)):
        for chunk in gather_chunks(read_incoming(file, spec, looked_up, read, min(size, CHUNK)), size):
            with shards.piece() as folder:
                pq.write_table(answer(model, chunk, carried), folder / TABLE, compression="zstd")
            progress.start("predict", f"{chunk.rows[-1].row} rows")


def assemble(out: Path, schema: pa.Schema, tables: Iterator[pa.Table]) -> Counts:
    """Write all answers into the target file, and the rows without one into the list beside it; both appear when they are whole."""
    rows = rejected = 0
    open_writer = csv_writer if out.suffix == ".csv" else parquet_writer
    with atomic_file(out) as temporary, dropped_file(list_beside(out)) as add, open_writer(temporary, schema) as writer:
        for table in tables:
            writer.write_table(table.cast(schema))
            broken = broken_rows(table)
            add(broken)
            rows, rejected = rows + len(table), rejected + len(broken)
    return Counts(rows, rows - rejected, rejected)


def parquet_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """Return a writer of one row group per shard."""
    return pq.ParquetWriter(path, schema, compression="zstd")


def csv_writer(path: Path, schema: pa.Schema) -> pacsv.CSVWriter:
    """Return a writer of CSV with empty missing cells."""
    return pacsv.CSVWriter(path, schema, write_options=pacsv.WriteOptions(quoting_style="needed"))


def predict_file(request: PredictRequest, progress: Progress) -> Counts:
    """Answer every row of a molecule file, in its order, streaming.

    Raises:
        InputError: The file cannot be read at all, or lacks a column; single broken rows are marked instead.
    """
    check_output(request.out, request.overwrite)
    for target in (request.out, list_beside(request.out)):
        check_apart(target, request.input, request.model_folder)
    model = open_model(request.model_folder)
    file = resolve(request.input)
    check_source(file, request.intake.unlabelled())
    schema = schema_of(model, carried_fields(file, request.intake.carry))
    shards = shards_of(request, file, model)
    if len(shards):
        progress.note(f"going on after {len(shards)} shards that an earlier run answered")
    answer_in_shards(request, file, model, shards, progress)
    counts = assemble(request.out, schema, (pq.read_table(folder / TABLE) for folder in shards))
    shards.remove()
    reasons = read_reasons(list_beside(request.out))[0]
    progress.note(f"{file.name}: {counts.rows} rows read, {counts.answered} answered, {counts.rejected} dropped{told_reasons(reasons)}.")
    return replace(counts, carried=tuple(schema)[1 : 1 + len(request.intake.carry)])
