"""One graph for every caller: each target made alone is found by the whole run, whoever asked for it."""

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ConfigError
from fluid.federation import consortium
from fluid.federation.baselines.spec import BaselinesSpec, DSFLSpec, FedAvgSpec, FedMDSpec, SGESpec
from fluid.federation.graph import check_target, drawing, federation_graph, make_target, targets
from fluid.federation.requests import AggregateRequest
from fluid.federation.simulation import simulate
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.taking_part import TakingPart
from fluid.federation.trial import trial_scores
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Files
from tests.federation.conftest import Finished


def public_labels(files: Files) -> str:
    """Write labels of the first 60 transfer molecules beside the other files."""
    place = files.transfer.with_name("labels.csv")
    smiles = [line.strip() for line in files.transfer.read_text().splitlines()[1:61]]
    with place.open("w", newline="") as stream:
        csv.writer(stream).writerows([["smiles", "active"], *([one, int("N" in one)] for one in smiles)])
    return str(place)


def plain(spec: FederationSpec, files: Files) -> FederationSpec:
    return spec


def labelled(spec: FederationSpec, files: Files) -> FederationSpec:
    """Return a federation whose consensus learns from public labels; only=consensus once made one that the whole run did not find."""
    return replace(spec, data=replace(spec.data, transfer_labels=public_labels(files)), consensus=ConsensusSpec("stacking"))


def labels_unused(spec: FederationSpec, files: Files) -> FederationSpec:
    """Return a federation with public labels that its consensus does not use."""
    return replace(spec, data=replace(spec.data, transfer_labels=public_labels(files)))


def heads_of_some(spec: FederationSpec, files: Files) -> FederationSpec:
    """Return a student of heads, gated hybrids, one company left out, and near duplicates looked for."""
    return replace(
        spec,
        intake=replace(spec.intake, near_duplicates=0.9),
        distillation=StudentSpec("heads"),
        hybrid=HybridSpec("gate"),
        taking_part=TakingPart(left_out="T2"),
        analyses=("domain_gain", "contribution"),
    )


def compared(spec: FederationSpec, files: Files) -> FederationSpec:
    """Return a federation with baselines of every kind, and hybrids with a guard."""
    baselines = BaselinesSpec(
        fedavg=FedAvgSpec(1, 1), fedmd=FedMDSpec(1, 60, 1, 1), dsfl=DSFLSpec(rounds=1, public=60), sge=SGESpec(federated="fedavg")
    )
    return replace(spec, baselines=baselines, hybrid=HybridSpec(guard=True))


KINDS = (plain, labelled, labels_unused, heads_of_some, compared)


def new_ones(runner: Runner) -> list[str]:
    return [f"{record.stage} {record.name}" for record in runner.records if not record.reused]


@pytest.mark.parametrize("kind", KINDS)
def test_every_target_made_alone_is_found_by_the_whole_run(kind: Callable[..., FederationSpec], finished: Finished, files: Files) -> None:
    """The whole run comes first, since then each target must find all that it needs: keys are equal in both directions or in none."""
    spec, store = kind(finished.spec, files), finished.runner.store
    whole = Runner(store)
    needed: list[str] = []
    whole.needs = lambda stage: needed.append(stage.key())
    simulate(spec, whole)
    names = targets(federation_graph(spec, Runner(store)))
    asked: list[str] = []
    for name in names:
        alone = Runner(store)
        alone.needs = lambda stage: asked.append(stage.key())
        make_target(name, spec, alone)
        assert new_ones(alone) == [], name
    assert set(asked) == set(needed)  # and the whole run needs nothing that is no target


@pytest.mark.parametrize("target", ["T3", "consensus", "H1", "evaluate-H1"])
def test_a_target_made_first_is_reused_later(target: str, finished: Finished, tmp_path: Path) -> None:
    """From an empty store, in the order in which jobs of a batch system come."""
    store = ArtifactStore(tmp_path / "store")
    first = Runner(store)
    make_target(target, finished.spec, first)
    second = Runner(store)
    make_target(target, finished.spec, second)
    assert new_ones(second) == []
    assert {f"{record.stage} {record.name}" for record in second.records} <= set(new_ones(first))


@pytest.mark.parametrize("kind", [plain, labels_unused])
def test_a_trial_of_a_search_is_found_by_the_whole_run(kind: Callable[..., FederationSpec], finished: Finished, files: Files) -> None:
    spec = kind(finished.spec, files)
    simulate(spec, Runner(finished.runner.store))
    trial = Runner(finished.runner.store)
    assert [score.step for score in trial_scores(spec, trial, "auroc")] == ["teachers", "consensus", "student"]
    assert new_ones(trial) == []


def test_by_files_the_consensus_has_the_key_of_the_simulation(finished: Finished, tmp_path: Path) -> None:
    federation, spec = finished.federation, finished.spec
    sent = tuple(federation.annotations[name] / "annotation_set" for name in ("T2", "T3", "T1"))
    made = consortium.aggregate(
        AggregateRequest(sent, tmp_path / "consensus", spec.consensus, spec.annotation, details=True, few_companies=True), finished.runner
    )
    assert (made.key, made.digest) == (federation.consensus.key, federation.consensus.digest)


def test_acquisition_scores_are_in_the_key_of_the_consensus(finished: Finished, rerun: Callable[..., Finished]) -> None:
    """The number of steps of the domain score decides them."""
    other = rerun(annotation=replace(finished.spec.annotation, edges=(0.3, 0.5)))
    assert other.federation.consensus.key != finished.federation.consensus.key


def test_a_target_that_is_not_there_is_refused_before_any_work(finished: Finished) -> None:
    graph = federation_graph(finished.spec, Runner(finished.runner.store))
    with pytest.raises(ConfigError, match=r"target is 'T4'; expected one of data, .*T1, T2, T3, annotations-T1.*consensus, student, H1"):
        check_target("T4", graph)
    assert graph.runner.records == []


def test_the_graph_can_be_drawn_without_making_anything(finished: Finished, tmp_path: Path) -> None:
    runner = Runner(ArtifactStore(tmp_path / "empty"))
    lines = drawing(federation_graph(finished.spec, runner)).splitlines()
    assert "split <- intake-external, intake-in-domain, intake-pool, intake-transfer" in lines
    assert "T1 <- split" in lines
    assert "annotations-T1 <- T1" in lines
    assert "consensus <- annotations-T1, annotations-T2, annotations-T3" in lines
    assert "student <- consensus" in lines
    assert "H2 <- student" in lines
    assert runner.records == []
    assert not (tmp_path / "empty").exists()


def test_a_company_that_takes_no_part_is_needed_by_no_consensus(finished: Finished) -> None:
    spec = replace(finished.spec, taking_part=TakingPart(left_out="T2"))
    graph = federation_graph(spec, Runner(finished.runner.store))
    assert not {"T2", "annotations-T2"} & set(graph.closure(["student", "H1"]))
    assert {"T2", "evaluate-T2"} <= set(graph.nodes)
    assert "annotations-T2" not in graph.nodes
