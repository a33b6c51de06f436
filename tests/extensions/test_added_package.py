"""A package adds a kind of teacher, a consensus, a student mode and a hybrid mode, and nothing of fluid is changed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.naive_bayes import BernoulliNB

from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact, open_artifact
from fluid.cli.compose import compose
from fluid.cli.main import main
from fluid.cli.specs import federation_spec
from fluid.cli.verbs import plain_values
from fluid.distillation import DistillationLoss, LossSpec
from fluid.federation.consensus_table import read_consensus
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import Model, read_model
from fluid.federation.stages.held_out import own_validation
from fluid.models.blend import Blend
from fluid.pipeline.graph import Graph
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.cli.conftest import SMALL
from tests.conftest import Files

ADDED = ["model=bits", "consensus=boldest", "distillation=sample", "hybrid=halves", "student_model={hidden: 16, layers: 2}"]
ADDED += ["baselines=[largest]"]
SETTINGS = [text for text in SMALL if not text.startswith("model.")]


@dataclass(frozen=True)
class Run:
    """A federation that was run by the command line: its settings, and its folder."""

    settings: list[str]
    folder: Path

    def graph(self, *more: str) -> Graph:
        """Return its graph, over the store that it was run in."""
        replaced = tuple(text.split("=")[0] + "=" for text in more)
        kept = [text for text in self.settings if not text.startswith(replaced)] if more else self.settings
        spec = federation_spec(plain_values(compose("simulate", [*kept, *more])))
        return federation_graph(spec, Runner(ArtifactStore(self.folder / "store"), SilentProgress()))

    def key(self, name: str) -> str:
        """Return the key under which a stage's result is looked up now."""
        graph = self.graph()
        step: Any = graph.nodes[name]
        return step.describe({need: graph.value(need) for need in step.needs}).key()


@pytest.fixture(scope="module")
def run(package: Path, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a small federation of what the package adds."""
    folder = tmp_path_factory.mktemp("run")
    paths = [f"data.pool={files.pool}", f"data.transfer={files.transfer}", f"data.test_in_domain={files.test}"]
    places = [f"paths.artifacts={folder / 'store'}", f"paths.runs={folder / 'runs'}", "name=added"]
    settings = [*SETTINGS, *paths, *ADDED, *places, "logger=none"]
    assert main(["simulate", *settings]) == 0
    return Run(settings, folder)


@pytest.fixture(scope="module")
def models(run: Run) -> dict[str, Model]:
    """Return the models of the federation."""
    return run.graph().values(["T1", "T2", "T3", "student", "H1"])


def test_a_teacher_is_the_packages_own(run: Run, models: dict[str, Model]) -> None:
    graph = run.graph()
    part, spec = graph.value("companies")["T1"], federation_spec(plain_values(compose("simulate", run.settings)))
    rows, held_out = own_validation(part.labels, spec.training.teacher, spec.seed, "T1")
    bits = np.unpackbits(np.asarray(part.molecules.bits), axis=1)
    expected = BernoulliNB(alpha=0.1).fit(bits[rows], part.labels[rows, 0]).predict_proba(bits[held_out])[:, 1]
    assert models["T1"].predictor.kind == "bits"
    np.testing.assert_allclose(models["T1"].predictor.predict(part.molecules.take(held_out)).mean[:, 0], expected, atol=1e-6)


def test_its_answers_become_a_consensus_by_its_own_rule(run: Run) -> None:
    graph = run.graph()
    said = np.stack([graph.value(f"annotations-{name}").prediction for name in ("T1", "T2", "T3")]).astype(np.float64)
    weight = (2 * said - 1) ** 2
    expected = (weight * said).sum(axis=0) / weight.sum(axis=0)
    np.testing.assert_allclose(graph.value("consensus").soft_label, expected, atol=1e-5)


def test_the_student_learns_the_share_that_its_mode_takes(run: Run, models: dict[str, Model]) -> None:
    assert models["student"].predictor.kind == "network"
    whole = run.graph("distillation.options.share=1.0").value("student")
    plain = run.graph("distillation=network").value("student")
    parts = [[*model.predictor.networks[0].state_dict().values()] for model in (whole, plain, models["student"])]
    assert all(bool((a == b).all()) for a, b in zip(parts[0], parts[1], strict=True))
    assert any(bool((a != b).any()) for a, b in zip(parts[0], parts[2], strict=True))


def test_a_hybrid_is_half_the_teacher_and_half_the_student(run: Run, models: dict[str, Model]) -> None:
    molecules = run.graph().value("transfer").molecules
    own, student, hybrid = (models[name].predictor.predict(molecules).mean for name in ("T1", "student", "H1"))
    assert isinstance(models["H1"].predictor, Blend)
    np.testing.assert_allclose(hybrid, (own + student) / 2, atol=1e-6)


def test_models_of_the_package_can_be_students_and_grow_anew(run: Run) -> None:
    graph = run.graph("student_model={kind: bits}", "distillation=network", "hybrid=concatenate")
    student, hybrid = graph.value("student").predictor, graph.value("H2").predictor
    assert (student.kind, hybrid.kind) == ("bits", "bits")
    assert np.abs(student.weights - hybrid.weights).max() > 0.01


def test_a_baseline_is_one_model_more(run: Run, models: dict[str, Model]) -> None:
    taken = run.graph("baselines=[largest]", "baselines.largest.rank=2").value("largest").predictor
    np.testing.assert_array_equal(taken.weights, models["T2"].predictor.weights)
    scores = pd.read_csv(run.folder / "runs" / "added" / "metrics.csv").set_index(["model", "metric"])["value"]
    assert scores["largest", "auroc"] == scores["T1", "auroc"]


def test_a_student_with_its_encoder_learns_by_its_loss(run: Run) -> None:
    student = "student_model={encoder: bag, hidden: 16, layers: 1}"
    by = {name: run.graph(student, f"loss.classes={name}").value("student") for name in ("absolute", "mse_logits")}
    networks = [model.predictor.networks[0] for model in by.values()]
    assert type(networks[0].encoder).__name__ == "BagEncoder"
    assert networks[0].environment_encoder is None
    assert any(bool((a != b).any()) for a, b in zip(*(network.parameters() for network in networks), strict=True))


def test_a_loss_is_that_of_numpy(package: Path) -> None:
    logits, target, weight = (np.random.default_rng(i).uniform(low, 1, (9, 2)) for i, low in ((0, -1.0), (1, 0.0), (2, 0.0)))
    found = DistillationLoss(LossSpec("absolute"))(*(torch.from_numpy(plane) for plane in (logits, target, weight)))
    expected = (weight * np.abs(1 / (1 + np.exp(-logits)) - target)).sum() / weight.sum()
    assert float(found) == pytest.approx(expected)


def test_a_second_run_finds_everything(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", *run.settings]) == 0
    said = capsys.readouterr().out
    for stage in ("train teacher: T1", "combine annotations: consensus", "distil student: student", "train hybrid: H1"):
        assert f"{stage} (already done)" in said
    assert not re.search(r"\(\d+\.\d s\)", said)


@pytest.mark.parametrize(
    ("file", "old", "new", "changed"),
    [
        ("model.py", "2 * spec.smoothing", "3 * spec.smoothing", {"T1", "annotations-T1", "evaluate-T1"}),
        ("consensus.py", "(2 * votes.values - 1)", "(3 * votes.values - 1)", {"consensus"}),
        ("student.py", "max(1, round", "max(2, round", {"student"}),
        ("hybrid.py", "0.5)", "0.6)", {"H1"}),
    ],
)
def test_changed_code_changes_the_keys_of_the_stages_that_use_it(
    run: Run, package: Path, look_again: Callable[[], None], file: str, old: str, new: str, changed: set[str]
) -> None:
    keys = {name: run.key(name) for name in changed}
    source = package / "fluid_bits" / file
    text = source.read_text()
    assert old in text
    try:
        source.write_text(text.replace(old, new))
        look_again()
        assert not set(keys.values()) & {run.key(name) for name in changed}
    finally:
        source.write_text(text)
        look_again()
    assert keys == {name: run.key(name) for name in changed}


def test_what_it_adds_is_listed_by_help(package: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--help", "model=bits"]) == 0
    said = capsys.readouterr().out
    for name, about in (("bits", "Naive Bayes on fingerprint bits"), ("boldest", "Teachers count by"), ("sample", "A random share")):
        assert f"      {name:<17} {about}" in said
    assert "smoothing: 0.1" in said
    assert "Other packages that do not work" not in said


def test_its_settings_are_checked_like_ours(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for wrong, message in (
        ("model.smothing=2", "smothing"),
        ("distillation.options.share=2.0", "expected share: a number above 0, up to 1"),
        ("consensus.options.boldness=-1", "boldness is -1; expected a finite number of 0 or more"),
        ("baselines=[fedavg]", "average weights, but the companies' model is 'bits'"),
    ):
        assert main(["simulate", *run.settings, "name=wrong", wrong]) == 2
        assert message in capsys.readouterr().err
    assert not (run.folder / "runs" / "wrong").exists()


def test_annotation_sets_of_its_teachers_are_like_all_others(run: Run) -> None:
    graph = run.graph()
    artifact: Artifact = graph.make("annotations-T1")["annotations-T1"]
    transfer = graph.value("transfer")
    found = read_annotation_set(artifact / "annotation_set", transfer.transfer_digest, len(transfer))
    assert found.prediction.shape == (len(transfer), 1)
    reopened = read_model(open_artifact(graph.make("T1")["T1"].folder))
    np.testing.assert_array_equal(found.prediction, reopened.predictor.predict(transfer.molecules).mean)
    assert read_consensus(graph.make("consensus")["consensus"]).soft_label.shape == (len(transfer), 1)
