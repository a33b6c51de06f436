"""Any name that a reader accepts goes through all steps unharmed."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set, write_annotation_set
from fluid.artifacts import open_artifact
from fluid.data.endpoints import Endpoint
from fluid.data.intake_spec import IntakeSpec
from fluid.data.table import MoleculeTable, stored_endpoints
from fluid.evaluation.scores import Scoring, Subject, score_predictions, scores_frame
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation import consortium
from fluid.federation.consensus_table import COLUMNS, ConsensusTable, read_consensus, write_consensus
from fluid.federation.predict import predict_file
from fluid.federation.requests import AggregateRequest, AnnotateRequest, DistillRequest, EvaluateRequest, PredictRequest, TeacherRequest
from fluid.models.predictor import ForestSpec, NetworkSpec
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.reporting.report_files import _read_table, _write_table
from fluid.training.config import TrainerSpec, Training, TrainingConfig
from tests.conftest import Files

NASTY = (
    "hit_call", "a/b", "a/prediction", "a", "label/a", "smiles", "row", "key", "problem", "distance", "domain_bin", 'x "y"', '"',
    "NA", "1e3", "true", "CL (mL/min/kg)", "uptake in mg/kg", "x,y", "../../x", "<b>x</b>", "µM %", "a.b", "a_epistemic", "=cmd",
    "ca. 5", "{}", "'", "Präparat",
)  # fmt: skip
names = st.lists(
    st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=9).map(str.strip),
    min_size=1, max_size=6, unique=True,
).filter(all)  # fmt: skip
kinds = st.sampled_from([{}, {"kind": "regression", "unit": "10^-6 cm/s"}, {"kind": "regression", "unit": "mol L^-1"}, {"threshold": 5.0}])
endpoints = names.flatmap(lambda own: st.tuples(*(kinds.map(lambda kind, name=name: Endpoint(name, **kind)) for name in own)))
often = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)


def plane(n: int, own: tuple[Endpoint, ...], high: float = 1.0) -> np.ndarray:
    return np.random.default_rng(len(own)).uniform(0, high, (n, len(own))).astype(np.float32)


@often
@given(endpoints)
def test_names_survive_tables_annotations_and_scores(tmp_path: Path, own: tuple[Endpoint, ...]) -> None:
    assert [Endpoint.parse(one.text) for one in own] == list(own)
    labels = np.where(plane(3, own) < 0.5, 0, 1).astype(np.float32)
    table = MoleculeTable(("C", "CC", "CCC"), ("a", "b", "c"), labels, own, np.zeros(labels.shape, np.int8))
    table.save(tmp_path / "table.parquet")
    assert MoleculeTable.load(tmp_path / "table.parquet").digest == table.digest
    assert stored_endpoints(tmp_path / "table.parquet") == own
    said = AnnotationSet("T1", own, "d", plane(3, own), plane(3, own), plane(3, own), np.array([0, 1, 2], np.uint8), 3)
    write_annotation_set(tmp_path / "said", said)
    read = read_annotation_set(tmp_path / "said")
    assert (read.endpoints, read.digest) == (own, said.digest)
    np.testing.assert_array_equal(read.prediction, said.prediction)
    scores = scores_frame(
        score_predictions(Subject("m", "student", "", "t"), own, plane(3, own), labels, np.full(len(own), 0.5), Scoring(0, 2))
    )
    _write_table(scores, tmp_path / "metrics.csv")
    assert _read_table(tmp_path / "metrics.csv", "scores")["endpoint"].tolist() == scores["endpoint"].tolist()


@often
@given(endpoints)
def test_names_survive_a_consensus(tmp_path: Path, own: tuple[Endpoint, ...]) -> None:
    from fluid.artifacts import atomic_folder, seal

    table = ConsensusTable(own, "d", *(plane(4, own) for _ in COLUMNS))
    with atomic_folder(tmp_path / "consensus") as folder:
        write_consensus(folder, table, "mean", pd.DataFrame({"company": ["T1"]}))
        seal(folder, "consensus", "key")
    read = read_consensus(open_artifact(tmp_path / "consensus"))
    assert read.endpoints == own
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(read, name), getattr(table, name))


def write_labels(file: Path, path: Path, own: tuple[str, ...]) -> Path:
    """Write the classes and sizes of a small library under other names."""
    table = pd.read_csv(file)
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["structure", *own])
        for smiles, active, size in zip(table["smiles"], table["active"], table["size"], strict=True):
            writer.writerow([smiles, *([active, size] * len(own))[: len(own)]])
    return path


def test_nasty_names_go_through_a_consortium(files: Files, tmp_path: Path) -> None:
    own = ("hit_call", "a/b", "smiles", 'x "y"', "NA", "CL (mL/min/kg)", "a", "1e3")
    parsed = tuple(Endpoint(name, **({"kind": "regression", "unit": "10^-6 cm/s"} if place % 2 else {})) for place, name in enumerate(own))
    pool, test = (write_labels(file, tmp_path / f"{name}.csv", own) for name, file in (("pool", files.pool), ("test", files.test)))
    transfer = tmp_path / "transfer.csv"
    transfer.write_text(files.transfer.read_text().replace("smiles", "structure", 1))
    intake = IntakeSpec("structure", tuple(one.text for one in parsed), quorum=5, workers=0)
    config = TrainingConfig(epochs=1, batch_size=64)
    common = {"intake": intake, "training": Training(config, config, config, config), "trainer": TrainerSpec(threads=1, progress=False)}
    runner, few = Runner(ArtifactStore(tmp_path / "store")), AnnotationSpec(chunk=64, mc_samples=0)
    forest = TeacherRequest(str(pool), "T1", tmp_path / "teacher", ForestSpec(n_trees=3), annotation=few, **common)
    consortium.train_teacher(forest, runner)
    consortium.annotate(AnnotateRequest(tmp_path / "teacher", str(transfer), tmp_path / "said", intake, few), runner)
    assert read_annotation_set(tmp_path / "said" / "annotation_set").endpoints == parsed
    consortium.aggregate(AggregateRequest((tmp_path / "said",), tmp_path / "consensus", annotation=few), runner)
    distil = DistillRequest(
        tmp_path / "consensus", str(transfer), tmp_path / "student", model=NetworkSpec(hidden=16, layers=2), annotation=few, **common
    )
    consortium.distill(distil, runner)
    for model in ("teacher", "student"):
        scores = consortium.evaluate(
            EvaluateRequest(
                tmp_path / model, str(test), tmp_path / f"{model}-scores", intake=intake, evaluation=EvaluationSpec(n_bootstrap=2)
            ),
            runner,
        )
        assert set(scores["endpoint"]) == set(own)
        predict_file(
            PredictRequest(tmp_path / model, str(test), tmp_path / f"{model}.csv", replace(intake, endpoints=())), SilentProgress()
        )
        predict_file(
            PredictRequest(tmp_path / model, str(test), tmp_path / f"{model}.parquet", replace(intake, endpoints=())), SilentProgress()
        )
        text, stored = pd.read_csv(tmp_path / f"{model}.csv"), pd.read_parquet(tmp_path / f"{model}.parquet")
        assert list(text.columns) == list(stored.columns)
        assert len(set(text.columns)) == len(text.columns)
        for name in ("a/b", 'x "y"', "NA", "CL (mL/min/kg)", "1e3"):
            np.testing.assert_allclose(text[name], stored[name], rtol=1e-5)


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_name_is_asked_for_as_it_is_written(name: str) -> None:
    assert IntakeSpec(endpoints=(Endpoint(name).text,)).parsed_endpoints == (Endpoint(name),)
