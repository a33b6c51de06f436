"""What leaves a company by files: what is refused because it would tell too much, and what is in it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import Artifact
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError
from fluid.federation import company
from fluid.federation.requests import AnnotateRequest, TeacherRequest
from fluid.models.predictor import ForestSpec
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
