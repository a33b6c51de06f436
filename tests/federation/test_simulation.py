import shutil
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from fluid.annotation.storage import read_annotation_set
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.federation import data_nodes
from fluid.federation.model_folder import read_model
from fluid.federation.simulation import Federation, simulate
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.models.predictor import ForestSpec
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.federation.conftest import Finished


def digests(federation: Federation) -> dict[str, str]:
    made = {**federation.models, **{f"annotations of {k}": v for k, v in federation.annotations.items()}}
    made |= {f"evaluated {k}": v for k, v in federation.evaluated.items()}
    return {name: artifact.digest for name, artifact in made.items()} | {"consensus": federation.consensus.digest}


def built(runner: Runner) -> list[str]:
    return [record.stage for record in runner.records if not record.reused]


def test_every_part_of_the_story_is_there(finished: Finished) -> None:
    federation = finished.federation
    assert set(federation.models) == {"pooled", "forest", "T1", "T2", "T3", "student", "H1", "H2", "H3"}
    assert set(federation.evaluated) == {*federation.models, "consensus"}
    sizes = [len(part) for part in federation.companies.values()]
    assert sum(sizes) == len(federation.data.pool)
    assert sizes == sorted(sizes, reverse=True)


def test_parts_share_no_molecule(finished: Finished) -> None:
    data = finished.federation.data
    parts = [data.pool, data.validation, data.transfer, *data.tests.values()]
    keys = [key for part in parts for key in part.molecules.keys]
    assert len(keys) == len(set(keys))


def test_every_teacher_answers_every_transfer_molecule(finished: Finished) -> None:
    transfer = finished.federation.data.transfer
    for name, artifact in finished.federation.annotations.items():
        answers = read_annotation_set(artifact / "annotation_set", transfer.transfer_digest, len(transfer))
        expected = read_model(finished.federation.models[name]).predictor.predict(transfer.molecules)
        np.testing.assert_allclose(answers.prediction, expected.mean, atol=1e-6)


def test_a_second_run_builds_nothing(finished: Finished, rerun: Callable[..., Finished]) -> None:
    again = rerun()
    assert built(again.runner) == []
    assert digests(again.federation) == digests(finished.federation)


def test_an_empty_store_gives_the_same_bytes(finished: Finished, fresh_store: ArtifactStore) -> None:
    assert digests(simulate(finished.spec, Runner(fresh_store))) == digests(finished.federation)


@pytest.mark.slow
def test_two_workers_give_the_same_bytes(finished: Finished, fresh_store: ArtifactStore) -> None:
    assert digests(simulate(finished.spec, Runner(fresh_store, workers=2))) == digests(finished.federation)


def test_the_order_of_companies_changes_no_byte(finished: Finished, fresh_store: ArtifactStore, monkeypatch: pytest.MonkeyPatch) -> None:
    in_order = data_nodes.read_split
    monkeypatch.setattr(data_nodes, "read_split", lambda *args: dict(reversed(in_order(*args).items())))
    federation = simulate(finished.spec, Runner(fresh_store))
    assert list(federation.companies) == ["T3", "T2", "T1"]
    assert digests(federation) == digests(finished.federation)


def test_another_consensus_retrains_no_teacher(rerun: Callable[..., Finished]) -> None:
    stages = built(rerun(consensus=ConsensusSpec("similarity", {"power": 3.21})).runner)  # asked for by no other test of the store
    assert sorted(set(stages)) == ["consensus", "evaluate", "hybrid", "student"]


def test_another_seed_redoes_all_but_the_intake(rerun: Callable[..., Finished], finished: Finished) -> None:
    other = rerun(seed=1)
    assert "intake" not in built(other.runner)
    assert digests(other.federation)["T1"] != digests(finished.federation)["T1"]


@pytest.mark.parametrize("stage", ["teacher", "consensus", "hybrid"])
def test_an_interrupted_run_goes_on_at_the_first_unfinished_stage(finished: Finished, fresh_store: ArtifactStore, stage: str) -> None:
    shutil.copytree(finished.runner.store.root, fresh_store.root)
    shutil.rmtree(fresh_store.root / stage)

    class Stop(SilentProgress):
        def start(self, stage_: str, name: str) -> None:
            if stage_ == stage and name.endswith("2"):
                raise KeyboardInterrupt

    class StopConsensus(SilentProgress):
        def start(self, stage_: str, name: str) -> None:
            if stage_ == "student":
                raise KeyboardInterrupt

    progress = StopConsensus() if stage == "consensus" else Stop()
    with pytest.raises(KeyboardInterrupt):
        simulate(finished.spec, Runner(fresh_store, progress))
    second = Runner(fresh_store)
    federation = simulate(finished.spec, second)
    assert digests(federation) == digests(finished.federation)
    assert set(built(second)) <= {stage}
    assert len(built(second)) < len([r for r in second.records if r.stage == stage]) or stage == "consensus"


def test_a_damaged_stage_is_made_again(finished: Finished, fresh_store: ArtifactStore) -> None:
    shutil.copytree(finished.runner.store.root, fresh_store.root)
    student = finished.federation.models["student"].folder.relative_to(finished.runner.store.root)
    weights = next((fresh_store.root / student).rglob("*.safetensors"))
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(bytes(content))
    runner = Runner(fresh_store)
    with pytest.warns(UserWarning, match=f"{weights.name}.*made again"):
        again = simulate(finished.spec, runner)
    assert digests(again) == digests(finished.federation)
    assert built(runner) == ["student"]


def test_forests_may_be_teachers_of_a_network_student(rerun: Callable[..., Finished]) -> None:
    run = rerun(model=ForestSpec(n_trees=5))
    assert type(read_model(run.federation.models["T1"]).predictor).__name__ == "ForestPredictor"
    assert type(read_model(run.federation.models["student"]).predictor).__name__ == "GraphEnsemble"


def test_concatenation_and_selection(rerun: Callable[..., Finished]) -> None:
    run = rerun(hybrid=HybridSpec("concatenate"), selection=SelectionSpec("balanced", 60, confidence_power=1.0))
    rows = np.load(run.federation.models["student"] / "rows.npy")
    assert 0 < len(rows) <= 60
    assert np.all(np.diff(rows) > 0)


def test_a_regression_federation_runs_to_the_end(finished: Finished, rerun: Callable[..., Finished]) -> None:
    run = rerun(intake=replace(finished.spec.intake, endpoints=("size [10 atoms]",)))
    metrics = set(
        np.genfromtxt(run.federation.evaluated["student"] / "scores.csv", delimiter=",", names=True, dtype=None, encoding=None)["metric"]
    )
    assert {"rmse", "r2", "spearman"} <= metrics
    assert "auroc" not in metrics


def test_two_endpoints_of_two_kinds(finished: Finished, rerun: Callable[..., Finished]) -> None:
    run = rerun(intake=replace(finished.spec.intake, endpoints=("active", "size [10 atoms]")))
    endpoints = read_model(run.federation.models["student"]).predictor.endpoints
    assert [endpoint.kind for endpoint in endpoints] == ["classification", "regression"]
