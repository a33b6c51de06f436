"""What leaves a company by files: what is refused because it would tell too much, and what is in it."""

import getpass
import re
import socket
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import MANIFEST, Artifact, copy_artifact, seal
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import ConfigError
from fluid.federation import company, coordinator
from fluid.federation.model_folder import read_model
from fluid.federation.requests import AggregateRequest, AnnotateRequest, DistillRequest, TeacherRequest
from fluid.models.predictor import ForestSpec, NetworkSpec, StudentModel
from fluid.molecules.fingerprints import morgan_bits, tanimoto
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.training.config import TrainerSpec, Training
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


TIME = re.compile(rb"\d{1,2}:\d{2}:\d{2}|\d{4}-\d{2}-\d{2}T|[^0-9a-f.]1[6-9]\d{8}[^0-9a-f]")


def test_times_are_found() -> None:
    found = [
        bool(TIME.search(text))
        for text in (b'"2026-11-29T09"', b"at 9:05:59", b"1764409200.5", b'"2026-11-29"', b'"0.1764409200"', b"2.13.0")
    ]
    assert found == [True, True, False, False, False, False]
    assert TIME.search(b'"time": 1764409200.5')


def words_in(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield what each file of a folder says, unpacked, under its name; times of the members of archives too."""
    for file in sorted(file for file in folder.rglob("*") if file.is_file()):
        name, content = file.relative_to(folder).as_posix(), file.read_bytes()
        yield name, content
        if file.suffix == ".parquet":
            yield name, pq.read_table(file).to_pandas().to_csv().encode() + str(pq.read_metadata(file)).encode()
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                yield name, b"".join(archive.read(member) for member in archive.namelist())
                assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize("model", [ForestSpec(n_trees=3), NetworkSpec(hidden=8, layers=1)], ids=["forest", "network"])
def test_nothing_that_leaves_names_molecules_places_people_machines_or_times(
    model: StudentModel, train: Train, order: AnnotateRequest, library: Library, runner: Runner, tmp_path: Path
) -> None:
    train(AnnotationSpec())
    company.annotate(order, runner)
    coordinator.aggregate(AggregateRequest((order.out,), tmp_path / "consensus"), runner)
    short = replace(Training(), student=replace(Training().student, epochs=1))
    asked = {"intake": IntakeSpec(workers=0), "training": short, "trainer": TrainerSpec(threads=1, progress=False)}
    coordinator.distill(DistillRequest(tmp_path / "consensus", order.transfer, tmp_path / "student", model=model, **asked), runner)
    told = [one.encode() for one in ({library.smiles[row] for row in OWN if len(library.smiles[row]) > 5} | {str(tmp_path), "own.csv"})]
    assert len(told) > 100
    names = re.compile(rf"\b({re.escape(getpass.getuser())}|{re.escape(socket.gethostname())}|{re.escape(str(Path.home()))}/)\b".encode())
    for folder in (order.out / "annotation_set", tmp_path / "consensus", tmp_path / "student"):
        for name, words in words_in(folder):
            assert not [one for one in told if one in words], name
            text = name.endswith((".json", ".csv"))
            assert not (text and (TIME.search(words) or names.search(words))), name
            assert not name.startswith((".", "own_")), name
