"""Every consensus that can be chosen, from annotation sets to the evaluated confidence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from fluid.annotation.annotation_set import AnnotationSet
from fluid.cli.compose import compose
from fluid.cli.help import choices_of
from fluid.cli.specs import federation_spec
from fluid.distillation import METHODS
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ConfigError
from fluid.federation.consensus_table import read_consensus
from fluid.federation.model_nodes import public_labels
from fluid.federation.requests import AggregateRequest
from fluid.federation.simulation import simulate
from fluid.federation.stages.columns import labels_for
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.evaluate import ConsensusLesson, Evaluation, evaluate_consensus_stage
from fluid.federation.trial import trial_scores
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Library
from tests.federation.conftest import Finished, read_sets

CHOICES = choices_of("consensus")


def chosen(choice: str) -> ConsensusSpec:
    values = OmegaConf.to_container(compose("simulate", [f"consensus={choice}"]), resolve=True)
    values.pop("hparams_search", None)
    return federation_spec(values).consensus


@pytest.fixture(scope="module")
def sets(finished: Finished) -> list[AnnotationSet]:
    return read_sets(finished.federation.annotations, finished.federation.data.transfer)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(ArtifactStore(tmp_path / "store"))


def some_labels(rows: int) -> np.ndarray:
    labels = np.full((rows, 1), np.nan, dtype=np.float32)
    labels[:40, 0] = np.arange(40) % 2
    return labels


def test_every_method_can_be_chosen() -> None:
    assert sorted(CHOICES) == sorted(METHODS)


@pytest.mark.parametrize("choice", [choice for choice in CHOICES if choice != "evidence"])  # see test_experts.py
def test_every_choice_becomes_a_consensus_that_is_judged(
    choice: str, finished: Finished, sets: list[AnnotationSet], runner: Runner
) -> None:
    spec, edges, federation = chosen(choice), finished.spec.annotation.edges, finished.federation
    labels = some_labels(len(federation.data.transfer)) if choice == "stacking" else None
    artifact = runner.make(consensus_stage(sets, spec, edges, labels))
    table = read_consensus(artifact, federation.data.transfer.transfer_digest)
    assert np.isfinite(table.soft_label).all()
    assert np.isfinite(table.confidence).all()
    assert pd.read_csv(artifact / "contribution.csv").weight_share.sum() == pytest.approx(1)
    evaluation = Evaluation(federation.data.validation, federation.data.tests, 10, 0)
    evaluated = {name: federation.evaluated[name] for name in ("T1", "T2", "T3")}
    scores = runner.make(evaluate_consensus_stage(evaluated, spec, edges, evaluation, ConsensusLesson(tuple(sets), labels)))
    confidence = pd.read_csv(scores / "confidence.csv")
    assert confidence.method.unique().tolist() == [choice]
    assert confidence.test.tolist() == ["in-domain", "external"]
    assert np.isfinite(confidence[["n", "risk", "aurc", "best_aurc", "brier", "nll", "ece"]]).all(axis=None)
    assert (confidence.best_aurc <= confidence.aurc).all()


def test_the_judged_confidence_is_that_of_the_scores(finished: Finished) -> None:
    artifact = finished.federation.evaluated["consensus"]
    scores, confidence = pd.read_csv(artifact / "scores.csv"), pd.read_csv(artifact / "confidence.csv").set_index("test")
    for metric in ("brier", "nll", "ece"):
        for row in scores[scores.metric == metric].itertuples():
            assert confidence.loc[row.test, metric] == pytest.approx(row.value)
    curve = pd.read_csv(artifact / "risk_coverage.csv").groupby("test").tail(1).set_index("test")
    assert curve.risk.to_dict() == pytest.approx(confidence.risk.to_dict())
    assert (curve.coverage == 1).all()


def test_what_is_learnt_is_learnt_on_the_transfer_set(finished: Finished, sets: list[AnnotationSet], runner: Runner) -> None:
    federation, spec, edges = finished.federation, chosen("recalibrated"), finished.spec.annotation.edges
    evaluated = {name: federation.evaluated[name] for name in ("T1", "T2", "T3")}
    evaluation = Evaluation(federation.data.validation, federation.data.tests, 0, 0)
    taught, alone = (
        runner.make(evaluate_consensus_stage(evaluated, spec, edges, evaluation, how)) for how in (ConsensusLesson(tuple(sets)), None)
    )
    assert pd.read_csv(taught / "confidence.csv").nll.tolist() != pd.read_csv(alone / "confidence.csv").nll.tolist()


def test_a_federation_that_stacks_teachers_by_public_labels(
    finished: Finished, rerun: Callable[..., Finished], library: Library, tmp_path: Path
) -> None:
    labelled = library.write(tmp_path / "public.csv", range(340, 420))  # 40 of the transfer set, 40 of a test
    again = rerun(consensus=chosen("stacking"), data=replace(finished.spec.data, transfer_labels=str(labelled)))
    federation = again.federation
    labels = public_labels(federation.data, read_sets(federation.annotations, federation.data.transfer))
    assert labels is not None
    assert np.isfinite(labels).sum() == 40
    public, sets = federation.data.transfer_labels, read_sets(federation.annotations, federation.data.transfer)
    assert public is not None
    known = dict(zip(public.molecules.keys, labels_for(public, sets[0].endpoints), strict=True))
    assert all(known[key] == label for key, label in zip(federation.data.transfer.molecules.keys, labels, strict=True) if key in known)
    assert (federation.evaluated["consensus"] / "confidence.csv").exists()
    share = pd.read_csv(federation.consensus / "contribution.csv").weight_share
    assert share.max() > 0.34


def test_without_public_labels_stacking_is_refused_before_any_work(finished: Finished, runner: Runner, sets: list[AnnotationSet]) -> None:
    message = "consensus 'stacking' learns from public labels, and there are none; expected fluid simulate with data.transfer_labels=FILE"
    with pytest.raises(ConfigError, match=message):
        simulate(replace(finished.spec, consensus=chosen("stacking")), runner)
    with pytest.raises(ConfigError, match=message):
        AggregateRequest((Path("a"),), Path("b"), chosen("stacking"))
    with pytest.raises(ConfigError, match=message):
        consensus_stage(sets, chosen("stacking"), (0.3, 0.4, 0.5))
    assert runner.records == []


def test_a_search_cannot_use_public_labels(finished: Finished, runner: Runner) -> None:
    with pytest.raises(ConfigError, match="a search cannot use consensus 'stacking'; expected a consensus that needs no labels"):
        next(trial_scores(replace(finished.spec, consensus=chosen("stacking")), runner, "auroc"))
