"""Python and command line make the same: file by file, byte by byte."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

import fluid
from fluid.cli.main import main
from fluid.evaluation.result_tables import read_table
from tests.api.conftest import NETWORK, NETWORK_TYPED, TINY, TYPED, contents
from tests.conftest import Files

WITHOUT_TRAINING = {"annotation": TINY["annotation"], "intake": {"workers": 0}}
INTAKE = ["intake.endpoints=[active]", "intake.quorum=5", "intake.workers=0"]


@dataclass(frozen=True)
class Made:
    """What the verbs made, in folders by verb, and what Python made of the same."""

    root: Path
    files: Files
    teacher: fluid.Teacher
    annotations: fluid.Annotations
    consensus: fluid.Consensus
    student: fluid.Student
    hybrid: fluid.Hybrid


def verbs(root: Path, assay: Path, files: Files) -> None:
    """Make everything on the command line."""
    transfer, out = f"transfer={files.transfer}", f"out={root}"
    private = ["company=T1", f"input={assay}", "intake.endpoints=[active]"]
    calls = [
        ["train-teacher", *private, *TYPED, *NETWORK_TYPED, f"{out}/teacher"],
        ["annotate", f"teacher={root}/teacher", transfer, "intake.workers=0", "annotation.mc_samples=0", f"{out}/annotations"],
        ["aggregate", f"annotations=[{root}/annotations]", f"{out}/consensus"],
        ["distill", f"consensus_folder={root}/consensus", transfer, *TYPED, *NETWORK_TYPED, f"{out}/student"],
        ["hybrid", *private, f"student={root}/student", f"consensus_folder={root}/consensus", transfer, *TYPED, f"{out}/hybrid"],
        ["predict", f"model_folder={root}/student", f"input={files.test}", "intake.workers=0", f"{out}/answers.csv"],
        ["predict", f"model_folder={root}/student", f"input={files.test}", "intake.workers=0", f"{out}/answers.parquet"],
        ["evaluate", f"model_folder={root}/hybrid", f"input={files.test}", *INTAKE, "evaluation.n_bootstrap=5", f"{out}/scores"],
    ]
    assert [main(call) for call in calls] == [0] * len(calls)


@pytest.fixture(scope="module")
def made(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Make a chain of two parties by both ways, each with a store of its own."""
    root = tmp_path_factory.mktemp("made")
    lines = files.pool.read_text().splitlines()
    assay = root / "assay.csv"
    assay.write_text("\n".join([lines[0], *lines[1::2]]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLUID_STORE", str(root / "store-of-the-verbs"))
        verbs(root / "verbs", assay, files)
        patch.setenv("FLUID_STORE", str(root / "store"))
        teacher = fluid.train_teacher(assay, endpoints=["active"], company="T1", model=NETWORK, **TINY)
        annotations = teacher.annotate(files.transfer, settings=["annotation.mc_samples=0", "intake.workers=0"])
        consensus = fluid.aggregate([annotations])
        student = fluid.distill(consensus, files.transfer, model=NETWORK, **TINY)
        hybrid = fluid.hybrid(student, consensus, files.transfer, assay, company="T1", **TINY)
        patch.undo()
    return Made(root, files, teacher, annotations, consensus, student, hybrid)


@pytest.mark.parametrize("name", ["teacher", "annotations", "consensus", "student", "hybrid"])
def test_a_result_is_that_of_the_verb(made: Made, name: str, tmp_path: Path) -> None:
    ours, theirs = contents(getattr(made, name).folder), contents(made.root / "verbs" / name)
    assert list(ours) == list(theirs)
    assert [file for file in ours if ours[file] != theirs[file]] == []


@pytest.mark.parametrize("name", ["teacher", "consensus", "annotations"])
def test_a_saved_copy_is_that_of_the_verb(made: Made, name: str, tmp_path: Path) -> None:
    getattr(made, name).save(tmp_path / "copy")
    assert contents(tmp_path / "copy") == contents(made.root / "verbs" / name)


def test_out_makes_the_folder_and_the_logs_of_the_verb(made: Made, here: Path) -> None:
    teacher = fluid.train_teacher(made.root / "assay.csv", endpoints="active", company="T1", out="teacher", model=NETWORK, **TINY)
    assert teacher.folder == here / "teacher"
    assert contents(here / "teacher") == contents(made.root / "verbs" / "teacher")
    logs = [set(contents(folder)) for folder in (here / "teacher-logs", made.root / "verbs" / "teacher-logs")]
    assert logs[0] == logs[1] != set()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_answers_are_those_of_the_verb(made: Made, suffix: str, here: Path) -> None:
    table = made.student.predict(made.files.test, out=f"answers{suffix}", intake={"workers": 0})
    assert (here / f"answers{suffix}").read_bytes() == (made.root / "verbs" / f"answers{suffix}").read_bytes()
    assert len(table) == 60
    assert table["active"].between(0, 1).all()


def test_scores_are_those_of_the_verb(made: Made, here: Path) -> None:
    settings = {"evaluation.n_bootstrap": 5, "intake.quorum": 5, "intake.workers": 0}
    table = made.hybrid.evaluate(made.files.test, out="scores", settings=settings)
    assert contents(here / "scores") == contents(made.root / "verbs" / "scores")
    pd.testing.assert_frame_equal(table, read_table(made.root / "verbs" / "scores" / "scores.csv"))


def test_tables_and_lists_give_what_the_files_give(made: Made, here: Path) -> None:
    own, public = pd.read_csv(made.root / "assay.csv"), pd.read_csv(made.files.transfer)
    teacher = fluid.train_teacher(own, endpoints=["active"], company="T1", model=NETWORK, **TINY)
    annotations = teacher.annotate(public, **WITHOUT_TRAINING)
    listed = teacher.annotate(list(public["smiles"]), **WITHOUT_TRAINING)
    student = fluid.distill(fluid.aggregate([annotations]), public, model=NETWORK, **TINY)
    for ours, theirs in [(teacher, "teacher"), (annotations, "annotations"), (listed, "annotations"), (student, "student")]:
        assert contents(ours.folder) == contents(made.root / "verbs" / theirs), theirs


def test_answers_to_a_list_are_those_to_the_file(made: Made, here: Path) -> None:
    test = pd.read_csv(made.files.test)
    listed, from_file, table = (made.student.predict(given) for given in (list(test["smiles"]), made.files.test, test))
    pd.testing.assert_frame_equal(listed, from_file)
    pd.testing.assert_frame_equal(table, from_file)


def test_an_equal_call_finds_the_result(made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FLUID_STORE", str(made.root / "store"))
    again = fluid.train_teacher(made.root / "assay.csv", endpoints=["active"], company="T1", settings=[*TYPED, *NETWORK_TYPED])
    assert again.folder == made.teacher.folder
    assert capsys.readouterr().out.count("(already done)") == 2


def test_only_answers_and_manifest_are_sent(made: Made, tmp_path: Path) -> None:
    made.annotations.send(tmp_path / "from_acme")
    assert contents(tmp_path / "from_acme") == contents(made.root / "verbs" / "annotations" / "annotation_set")
    assert fluid.load(tmp_path / "from_acme").content.digest == made.annotations.content.digest


@pytest.mark.parametrize(("name", "kind"), [("teacher", fluid.Teacher), ("annotations", fluid.Annotations), ("consensus", fluid.Consensus),
                                            ("student", fluid.Student), ("hybrid", fluid.Hybrid)])  # fmt: skip
def test_what_verbs_made_is_opened_as_what_it_is(made: Made, name: str, kind: type) -> None:
    opened = fluid.load(made.root / "verbs" / name)
    assert type(opened) is kind
    assert name.rstrip("s") in repr(opened).lower()
    assert repr(opened).count("\n") == 0
    assert opened._repr_html_().startswith("<table>")
