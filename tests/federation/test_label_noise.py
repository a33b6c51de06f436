"""The confusion of a consensus travels with it, and is used for the student that learns it."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import Artifact, open_artifact
from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import federation_spec
from fluid.distillation import LossSpec, expected_confusion
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ArtifactError, ConfigError
from fluid.federation import consortium
from fluid.federation.baselines.spec import BaselinesSpec, DSFLSpec
from fluid.federation.consensus_table import read_consensus
from fluid.federation.label_noise import FILE, look_up_confusions, read_noise
from fluid.federation.model_folder import read_model
from fluid.federation.requests import AggregateRequest, DistillRequest
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.ensemble import GraphEnsemble
from fluid.models.experts_spec import ExpertsSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Files
from tests.federation.conftest import Finished

AUTO, PLAIN = LossSpec(confusion="auto"), SelectionSpec("all", 1000, confidence_power=0.0)
DAWID_SKENE = {"consensus": ConsensusSpec("dawid_skene"), "selection": PLAIN}
TAUGHT_BY_EXPERTS = StudentSpec("wide_experts", experts=ExpertsSpec(network_learns="experts"))


@pytest.fixture(scope="module")
def auto(finished: Finished) -> Finished:
    """Run the small federation with the confusion that its consensus estimates."""
    from fluid.federation.simulation import simulate

    spec, runner = replace(finished.spec, loss=AUTO, **DAWID_SKENE), Runner(ArtifactStore(finished.runner.store.root))  # type: ignore[arg-type]
    return Finished(spec, runner, simulate(spec, runner))


def weights(run: Finished, name: str) -> dict[str, np.ndarray]:
    predictor = read_model(run.federation.models[name]).predictor
    assert isinstance(predictor, GraphEnsemble)
    return {key: value.numpy() for key, value in predictor.networks[0].state_dict().items()}


def alike(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(value, other[name]) for name, value in one.items())


def test_the_file_holds_what_the_posterior_gives(auto: Finished) -> None:
    import torch

    table = read_consensus(auto.federation.consensus)
    q = torch.tensor(table.soft_label)
    for kind, label in (("soft", q), ("hard", (q >= 0.5).float())):
        np.testing.assert_allclose(table.confusions[kind]["active"], expected_confusion(q, label)[0], atol=1e-6)
    assert open_artifact(auto.federation.consensus.folder).digest == auto.federation.consensus.digest  # the manifest has its hash
    assert FILE in json.loads((auto.federation.consensus / "artifact.json").read_text())["files"]


@pytest.mark.parametrize("labels", ["soft", "hard"])
def test_it_is_used_as_if_given_by_hand(labels: str, auto: Finished, rerun: Callable[..., Finished]) -> None:
    student = StudentSpec(labels=labels)
    own = rerun(loss=AUTO, distillation=student, **DAWID_SKENE)
    confusion = read_consensus(auto.federation.consensus).confusions[labels]["active"]
    by_hand = rerun(loss=LossSpec(confusions=(confusion,)), distillation=student, **DAWID_SKENE)
    plain = rerun(distillation=student, **DAWID_SKENE)
    assert alike(weights(own, "student"), weights(by_hand, "student"))
    assert not alike(weights(own, "student"), weights(plain, "student"))


def test_by_files_it_is_the_same_student(auto: Finished, files: Files, tmp_path: Path) -> None:
    federation, spec = auto.federation, auto.spec
    sent = tuple(federation.annotations[name] / "annotation_set" for name in ("T3", "T1", "T2"))
    runner = Runner(ArtifactStore(tmp_path / "store"))
    consortium.aggregate(
        AggregateRequest(sent, tmp_path / "consensus", spec.consensus, spec.annotation, details=True, few_companies=True), runner
    )
    order = DistillRequest(
        tmp_path / "consensus",
        str(files.transfer),
        tmp_path / "student",
        model=spec.student_model,
        intake=spec.intake,
        training=spec.training,
        loss=AUTO,
        trainer=spec.trainer,
        annotation=spec.annotation,
        selection=spec.selection,
        seed=spec.seed,
    )
    consortium.distill(order, runner)
    assert (tmp_path / "consensus" / FILE).read_bytes() == (federation.consensus / FILE).read_bytes()
    assert open_artifact(tmp_path / "consensus").digest == federation.consensus.digest
    for file in ("model/model.json", "rows.npy", "card.json"):  # the one by files also lists what was dropped
        assert (tmp_path / "student" / file).read_bytes() == (federation.models["student"] / file).read_bytes(), file


@pytest.mark.parametrize("mode", ["mix", "fine_tune"])
def test_a_hybrid_that_learns_what_the_student_says_needs_no_correction(mode: str, auto: Finished, rerun: Callable[..., Finished]) -> None:
    run = rerun(loss=AUTO, hybrid=HybridSpec(mode), **DAWID_SKENE)
    assert np.isfinite(read_model(run.federation.models["H1"]).predictor.predict(run.federation.data.transfer.molecules).mean).all()


def test_a_hybrid_of_the_consensus_itself_is_corrected(rerun: Callable[..., Finished], auto: Finished) -> None:
    joint = HybridSpec("concatenate")
    own = rerun(loss=AUTO, hybrid=joint, **DAWID_SKENE)
    confusion = read_consensus(auto.federation.consensus).confusions["soft"]["active"]
    by_hand = rerun(loss=LossSpec(confusions=(confusion,)), hybrid=joint, **DAWID_SKENE)
    assert alike(weights(own, "H1"), weights(by_hand, "H1"))
    with pytest.raises(ConfigError, match=r"hybrid\.undersample drops molecules by their labels"):
        rerun(loss=AUTO, hybrid=replace(joint, undersample=True), **DAWID_SKENE)


class TestFolders:
    def test_one_from_before_is_read_and_says_what_to_do(self, finished: Finished) -> None:
        table = read_consensus(finished.federation.consensus)
        assert table.confusions == {}
        with pytest.raises(
            ConfigError, match=r"the consensus holds no confusion; expected one made by this version with consensus=dawid_sk"
        ):
            look_up_confusions(AUTO, table.confusions, table.endpoints, "soft")
        assert look_up_confusions(LossSpec("mse_logits"), table.confusions, table.endpoints, "soft") == LossSpec("mse_logits")

    def test_by_files(self, finished: Finished, files: Files, tmp_path: Path) -> None:
        order = DistillRequest(
            finished.federation.consensus.folder,
            str(files.transfer),
            tmp_path / "student",
            loss=AUTO,
            selection=PLAIN,
            intake=finished.spec.intake,
        )
        with pytest.raises(ConfigError, match=r"the consensus holds no confusion.*loss\.confusion=\[\[0\.95,0\.05\],\[0\.05,0\.95\]\]"):
            consortium.distill(order, Runner(ArtifactStore(tmp_path / "store")))

    def test_an_altered_file_is_refused(self, auto: Finished, tmp_path: Path) -> None:
        folder = shutil.copytree(auto.federation.consensus.folder, tmp_path / "consensus")
        (folder / FILE).write_text((folder / FILE).read_text().replace("0.", "0.0", 1))
        with pytest.raises(ArtifactError, match="content differs from its manifest"):
            open_artifact(folder)

    @pytest.mark.parametrize("content", [[], {"format": 2}, {"format": 1, "confusion": {"soft": {}, "hard": {}}}])
    def test_another_format_is_refused(self, content: object, auto: Finished, tmp_path: Path) -> None:
        (tmp_path / FILE).write_text(json.dumps(content))
        with pytest.raises(ArtifactError, match="the confusion has another format or other endpoints"):
            read_noise(Artifact("consensus", "", tmp_path, ""), read_consensus(auto.federation.consensus).endpoints)


class TestRefused:
    def test_a_consensus_that_knows_of_none(self, spec: FederationSpec) -> None:
        with pytest.raises(
            ConfigError, match=r"auto, and consensus 'similarity' knows of no confusion; expected consensus=dawid_skene\. Or give"
        ):
            replace(spec, loss=AUTO, selection=PLAIN)

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"distillation": StudentSpec("heads")}, "with distillation=heads"),
            (
                {"distillation": TAUGHT_BY_EXPERTS, "annotation": AnnotationSpec(domain="evidence"), "hybrid": HybridSpec("gate")},
                "with distillation=wide_experts",
            ),
            ({"distillation": StudentSpec(sharpen=2.0)}, r"with distillation\.sharpen=2 "),
            ({"selection": SelectionSpec("balanced", 1000, confidence_power=0.0)}, "with selection=balanced"),
            ({"selection": SelectionSpec("all", 1000, confidence_power=1.0)}, r"with selection\.confidence_power=1 "),
        ],
    )
    def test_what_changes_the_labels(self, spec: FederationSpec, changes: dict[str, object], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            replace(spec, loss=AUTO, **{**DAWID_SKENE, **changes})  # type: ignore[arg-type]

    def test_baselines_that_learn_a_mean(self, spec: FederationSpec) -> None:
        with pytest.raises(ConfigError, match="the mean that baselines dsfl learn knows of no confusion"):
            replace(spec, loss=AUTO, baselines=BaselinesSpec(dsfl=DSFLSpec()), **DAWID_SKENE)  # type: ignore[arg-type]


def test_the_command_line_takes_it() -> None:
    spec = federation_spec(plain_values(compose("simulate", ["consensus=dawid_skene", "loss=forward", "loss.confusion=auto"])))
    assert spec.loss.automatic
    given = federation_spec(plain_values(compose("simulate", ["loss=forward"]))).loss
    assert given.confusion == ((0.95, 0.05), (0.05, 0.95))
