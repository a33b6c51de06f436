"""A company's own copy of its annotations: a row per row of the transfer file, with the columns that go along.

It lies beside the annotation set, never in it: what identifies rows stays in the company.
"""

from collections.abc import Container, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import hash_unchanged
from fluid.data.carried import carried_fields
from fluid.data.dataset import Dataset
from fluid.data.incoming import IncomingChunk, IncomingRow, gather_chunks, read_incoming
from fluid.federation.answers import Said, lay_out, schema_of
from fluid.federation.model_folder import Model
from fluid.federation.requests import AnnotateRequest
from fluid.federation.stages.annotate import FOLDER
from fluid.federation.stages.intake import deciding_settings, resolve
from fluid.models.prediction import Prediction
from fluid.molecules.parse import MoleculeRejected
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/own_copy.py"
OWN_COPY = "answers.parquet"
NOT_THERE = "not in the annotation set: it could not be read in time when that was made"


def add_own_copy(stage: Stage, request: AnnotateRequest, teacher: Model, transfer: Dataset) -> Stage:
    """Return the stage of an annotation with the company's own copy added to its result, if columns are to go along."""
    if not request.intake.carry:
        return stage
    file = resolve(request.transfer)

    def build(folder: Path, work: Work) -> None:
        stage.build(folder, work)
        write_own_copy(folder, file, request, teacher, transfer)

    along = {"file": hash_unchanged(file), "columns": request.intake.carry, "intake": deciding_settings(request.intake.unlabelled())}
    return replace(stage, build=build, inputs={**stage.inputs, "carried": along}, modules=(*stage.modules, MODULE))


def write_own_copy(folder: Path, file: Path, request: AnnotateRequest, teacher: Model, transfer: Dataset) -> None:
    """Write the answers of an annotation set in `folder` to the rows of the transfer file, as `predict` would lay them out."""
    spec, carried = request.intake.unlabelled(), carried_fields(file, request.intake.carry)
    answers, places = read_annotation_set(folder / FOLDER), {key: place for place, key in enumerate(transfer.molecules.keys)}
    with pq.ParquetWriter(folder / OWN_COPY, schema_of(teacher, carried), compression="zstd") as writer:
        for chunk in gather_chunks(read_incoming(file, spec), request.annotation.chunk):
            known = _without_others(chunk, places)
            writer.write_table(lay_out(teacher, known, _said(known, answers, places), carried))


def _without_others(chunk: IncomingChunk, places: Container[str]) -> IncomingChunk:
    """Return a chunk in which molecules without an answer are rejected: standardised again, one may keep a time limit that it missed."""
    kept = np.array([key in places for key in chunk.molecules.keys], dtype=bool)
    if kept.all():
        return chunk
    return IncomingChunk([_if_known(row, places) for row in chunk.rows], chunk.molecules.take(np.flatnonzero(kept)))


def _if_known(row: IncomingRow, places: Container[str]) -> IncomingRow:
    known = isinstance(row.molecule, MoleculeRejected) or row.molecule.key in places
    return row if known else replace(row, molecule=MoleculeRejected(NOT_THERE))


def _said(chunk: IncomingChunk, answers: AnnotationSet, places: Mapping[str, int]) -> Said | None:
    """Return what an annotation set says of the molecules of some rows, each under its key."""
    rows = np.array([places[key] for key in chunk.molecules.keys], dtype=np.int64)
    planes = (answers.prediction[rows], answers.epistemic[rows], answers.aleatoric[rows])
    return Said(Prediction(*planes), answers.domain_bin[rows]) if len(rows) else None
