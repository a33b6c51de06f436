"""What leaves a company by files: what is refused because it would tell too much, and what is in it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import MANIFEST, Artifact, copy_artifact, seal
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError
from fluid.federation import company
from fluid.federation.model_folder import read_model
from fluid.federation.requests import AnnotateRequest, TeacherRequest
from fluid.models.predictor import ForestSpec
from fluid.molecules.fingerprints import morgan_bits, tanimoto
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from tests.conftest import Library

OWN, PUBLIC = range(120), range(200, 260)
Train = Callable[..., Artifact]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(ArtifactStore(tmp_path / "store"))


@pytest.fixture
def train(library: Library, tmp_path: Path, runner: Runner) -> Train:
    """Return a function that trains a small forest on the own molecules into the folder `teacher`."""
    library.write(tmp_path / "own.csv", OWN)

    def run(annotation: AnnotationSpec) -> Artifact:
        intake = IntakeSpec(endpoints=("active",), quorum=5, workers=0)
        request = TeacherRequest(
            str(tmp_path / "own.csv"), "Acme", tmp_path / "teacher", ForestSpec(n_trees=3), intake, annotation=annotation, overwrite=True
        )
        return company.train_teacher(request, runner)

    return run


@pytest.fixture
def order(library: Library, tmp_path: Path) -> AnnotateRequest:
    """Return the order to answer public molecules that the company does not have."""
    library.write(tmp_path / "transfer.csv", PUBLIC)
    return AnnotateRequest(tmp_path / "teacher", str(tmp_path / "transfer.csv"), tmp_path / "said", IntakeSpec(workers=0))


def test_a_teacher_whose_scores_point_at_single_molecules_answers_only_if_asked_to(
    train: Train, order: AnnotateRequest, runner: Runner
) -> None:
    train(AnnotationSpec(edges=(0.9, 0.95), revealing=True))
    with pytest.raises(ConfigError, match=r"annotation.edges is \[0.9, 0.95\]: .*annotation.revealing=true"):
        company.annotate(order, runner)
    assert not order.out.exists()
    company.annotate(replace(order, annotation=AnnotationSpec(revealing=True)), runner)
    assert (order.out / "annotation_set").is_dir()


def test_a_transfer_set_with_own_molecules_is_refused_unless_asked_for(
    train: Train, order: AnnotateRequest, library: Library, runner: Runner
) -> None:
    train(AnnotationSpec())
    library.write(Path(order.transfer), [*PUBLIC, 3, 1, 7, 8], labelled=False)
    with pytest.raises(ConfigError) as raised:
        company.annotate(order, runner)
    for said in (
        "4 of 64 transfer molecules are in your training data: molecule 61 (",
        "molecule 63 (",
        "), ...",
        "annotation.overlap=cross_fit",
        "annotation.overlap=allow",
        "transfer.csv",
    ):
        assert said in str(raised.value)
    assert "molecule 64" not in str(raised.value)
    assert not order.out.exists()
    company.annotate(replace(order, annotation=AnnotationSpec(overlap="allow")), runner)
    assert len(read_annotation_set(order.out / "annotation_set")) == 64


def test_a_teacher_that_does_not_say_what_it_learnt_from_answers_only_if_asked_to(
    train: Train, order: AnnotateRequest, runner: Runner, tmp_path: Path
) -> None:
    teacher = train(AnnotationSpec())
    older = tmp_path / "older"
    copy_artifact(teacher, older)
    (older / "own_molecules.json").unlink()
    (older / MANIFEST).unlink()
    seal(older, teacher.stage, teacher.key)
    asked = replace(order, teacher=older)
    with pytest.raises(ConfigError, match="does not say which molecules it learnt from.*Train the teacher again"):
        company.annotate(asked, runner)
    company.annotate(replace(asked, annotation=AnnotationSpec(overlap="allow")), runner)


def test_an_own_molecule_has_the_score_that_it_had_without_itself(
    train: Train, order: AnnotateRequest, library: Library, runner: Runner
) -> None:
    annotation = AnnotationSpec(k=2, edges=(0.4, 0.5, 0.6))
    teacher = train(annotation)
    library.write(Path(order.transfer), OWN, labelled=False)
    company.annotate(replace(order, annotation=replace(annotation, overlap="allow")), runner)
    bits = morgan_bits([library.smiles[row] for row in OWN])
    similarity = tanimoto(bits, bits)
    np.fill_diagonal(similarity, 0)
    expected = np.digitize(np.sort(similarity, axis=1)[:, -2:].mean(axis=1), annotation.edges)
    counted = read_annotation_set(order.out / "annotation_set").domain_bin
    np.testing.assert_array_equal(counted, expected)
    with_themselves = read_model(teacher).domain.bins(bits)
    assert (counted < with_themselves).mean() > 0.2


def test_answers_are_rounded_where_that_is_asked_for(train: Train, order: AnnotateRequest, runner: Runner) -> None:
    train(AnnotationSpec())
    company.annotate(order, runner)
    whole = read_annotation_set(order.out / "annotation_set")
    company.annotate(replace(order, overwrite=True, annotation=AnnotationSpec(chunk=16, digits=2)), runner)
    rounded = read_annotation_set(order.out / "annotation_set")
    np.testing.assert_allclose(rounded.prediction, np.clip(np.round(whole.prediction, 2), 0.005, 0.995), atol=1e-6)
    np.testing.assert_allclose(rounded.epistemic, np.round(whole.epistemic, 2), atol=1e-6)
    np.testing.assert_array_equal(rounded.domain_bin, whole.domain_bin)
