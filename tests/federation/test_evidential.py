"""A federation whose networks say how much evidence they have: what is allowed of teachers, students and hybrids, and what is not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.annotation.storage import read_annotation_set
from fluid.cli.compose import composed, plain_values
from fluid.cli.specs import federation_spec
from fluid.distillation import LossSpec
from fluid.errors import ConfigError
from fluid.federation import consortium
from fluid.federation.baselines.spec import BaselinesSpec, FedAvgSpec, FedMDSpec
from fluid.federation.model_folder import read_model
from fluid.federation.requests import AnnotateRequest, DistillRequest, TeacherRequest
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.ensemble import GraphEnsemble
from fluid.models.prediction import PLANES
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Files
from tests.federation.conftest import Finished

EVIDENTIAL = NetworkSpec(hidden=16, layers=2, head="evidential")


@pytest.fixture(scope="module")
def told(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run the small federation with evidential teachers and members, and a student with a plain head."""
    from fluid.federation.simulation import simulate

    training = replace(finished.spec.training, teacher=replace(finished.spec.training.teacher, members=2))
    spec = replace(finished.spec, model=EVIDENTIAL, training=training)
    runner = Runner(ArtifactStore(finished.runner.store.root))
    return Finished(spec, runner, simulate(spec, runner))


def network(run: Finished, name: str) -> GraphEnsemble:
    predictor = read_model(run.federation.models[name]).predictor
    assert isinstance(predictor, GraphEnsemble)
    return predictor


def test_teachers_release_what_their_evidence_says(told: Finished) -> None:
    federation = told.federation
    for name, artifact in federation.annotations.items():
        teacher = network(told, name)
        assert [member.spec for member in teacher.networks] == [EVIDENTIAL, EVIDENTIAL]
        said = teacher.predict(federation.data.transfer.molecules)
        sent = read_annotation_set(artifact / "annotation_set")
        np.testing.assert_allclose(sent.epistemic, said.epistemic, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(sent.aleatoric, said.aleatoric, rtol=1e-4, atol=1e-6)
        assert np.all(sent.epistemic > 0)
    assert not network(told, "student").networks[0].spec.evidential
    assert network(told, "pooled").networks[0].spec.evidential
    assert not network(told, "H1").networks[0].spec.evidential


def test_by_files_it_is_the_same_teacher(told: Finished, files: Files, tmp_path: Path) -> None:
    spec, part = told.spec, told.federation.companies["T1"]
    rows = [f"{smiles},{int(label)}" for smiles, label in zip(part.table.smiles, part.table.labels[:, 0], strict=True)]
    (tmp_path / "assay.csv").write_text("\n".join(["smiles,active", *rows]) + "\n")
    runner = Runner(ArtifactStore(tmp_path / "store"))
    common = {"intake": spec.intake, "annotation": spec.annotation}
    order = TeacherRequest(
        str(tmp_path / "assay.csv"), "T1", tmp_path / "teacher", EVIDENTIAL, training=spec.training, trainer=spec.trainer, **common
    )
    consortium.train_teacher(order, runner)
    consortium.annotate(AnnotateRequest(tmp_path / "teacher", str(files.transfer), tmp_path / "out", **common), runner)
    ours = read_annotation_set(tmp_path / "out" / "annotation_set")
    theirs = read_annotation_set(told.federation.annotations["T1"] / "annotation_set")
    assert ours.digest == theirs.digest


@pytest.mark.parametrize("mode", ["fine_tune", "l2_sp", "frozen", "mix", "concatenate", "gate"])
def test_every_hybrid_goes_on_from_an_evidential_student(mode: str, rerun: Callable[..., Finished]) -> None:
    run = rerun(student_model=EVIDENTIAL, hybrid=HybridSpec(mode))
    assert network(run, "student").networks[0].spec == EVIDENTIAL
    said = read_model(run.federation.models["H1"]).predictor.predict(run.federation.data.tests["external"].molecules)
    assert all(np.isfinite(getattr(said, plane)).all() for plane in PLANES)
    assert np.all(said.epistemic > 0)
    if mode != "gate":
        assert network(run, "H1").networks[0].spec == EVIDENTIAL


def test_weights_of_evidential_networks_are_averaged_and_its_teachers_digest_soft_labels(
    told: Finished, rerun: Callable[..., Finished]
) -> None:
    baselines = BaselinesSpec(fedavg=FedAvgSpec(rounds=1, local_epochs=1), fedmd=FedMDSpec(rounds=1, digest_epochs=1, revisit_epochs=1))
    run = rerun(model=EVIDENTIAL, training=told.spec.training, baselines=baselines)
    assert set(run.federation.baselines.rounds) == {"fedavg", "fedmd"}
    common = read_model(run.federation.baselines.rounds["fedavg"]).predictor
    assert isinstance(common, GraphEnsemble)
    assert common.networks[0].spec == EVIDENTIAL
    assert np.all(common.predict(run.federation.data.transfer.molecules).epistemic > 0)


class TestRefused:
    @pytest.mark.parametrize("mode", ["network", "blend"])
    def test_an_evidential_student_has_its_own_loss(self, spec: FederationSpec, mode: str) -> None:
        with pytest.raises(ConfigError, match=r"an evidential head of a student has a loss of its own; expected loss=soft_bce"):
            replace(spec, student_model=EVIDENTIAL, distillation=StudentSpec(mode), loss=LossSpec("mse_logits"))

    def test_no_heads_of_teachers(self, spec: FederationSpec) -> None:
        with pytest.raises(ConfigError, match="distillation=heads has a head per teacher, and the student's is evidential"):
            replace(spec, student_model=EVIDENTIAL, distillation=StudentSpec("heads"))

    def test_teachers_that_learn_soft_labels_by_another_loss(self, spec: FederationSpec) -> None:
        baselines = BaselinesSpec(fedmd=FedMDSpec())
        with pytest.raises(ConfigError, match=r"teachers that learn soft labels in fedmd has a loss of its own"):
            replace(spec, model=EVIDENTIAL, baselines=baselines, loss=LossSpec("mse_logits"))
        assert replace(spec, model=EVIDENTIAL, loss=LossSpec("mse_logits"))  # measured labels are no soft ones

    def test_by_files(self, finished: Finished, files: Files, tmp_path: Path) -> None:
        order = DistillRequest(
            finished.federation.consensus.folder,
            str(files.transfer),
            tmp_path / "student",
            model=EVIDENTIAL,
            loss=LossSpec("mse_logits"),
            intake=finished.spec.intake,
        )
        with pytest.raises(ConfigError, match="an evidential head of a student has a loss of its own"):
            consortium.distill(order, Runner(ArtifactStore(tmp_path / "store")))


def built(*settings: str) -> FederationSpec:
    return federation_spec(plain_values(composed("simulate", settings)))


def test_the_students_head_is_its_own() -> None:
    assert built().model == built().student_model
    spec = built("model=dmpnn", "model.head=evidential", "model.evidence.kl=0.5")
    assert isinstance(spec.model, NetworkSpec)
    assert isinstance(spec.student_model, NetworkSpec)
    assert (spec.model.head, spec.model.evidence.kl, spec.student_model.head) == ("evidential", 0.5, "plain")
    assert replace(spec.model, head="plain") == spec.student_model
    asked = built("student_model={kind: network, head: evidential}").student_model
    assert isinstance(asked, NetworkSpec)
    assert asked.evidential
