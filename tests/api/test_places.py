"""Where results lie: in the home folder, in copies, and in what companies send; what is read is verified, and opened once."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import fluid
from fluid.cli.main import main
from fluid.errors import ArtifactError, ConfigError, FluidError
from fluid.federation import model_folder
from tests.api.conftest import contents
from tests.conftest import Files

FOREST = ["model=forest", "model.n_trees=3", "intake.quorum=5", "intake.workers=0", "annotation.mc_samples=0", "logger=none"]


@pytest.fixture(scope="module")
def teacher(files: Files, tmp_path_factory: pytest.TempPathFactory) -> fluid.Teacher:
    """Train a small forest, into a folder."""
    root = tmp_path_factory.mktemp("teacher")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLUID_STORE", str(root / "store"))
        return fluid.train_teacher(files.pool, endpoints="active", company="Acme", out=root / "Acme", settings=FOREST)


@pytest.fixture
def annotations(teacher: fluid.Teacher, files: Files, here: Path) -> fluid.Annotations:
    """Let it answer a few molecules, into a folder."""
    return teacher.annotate(list(pd.read_csv(files.transfer)["smiles"][:20]), out="annotations")


@pytest.fixture
def home(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work beside a home folder."""
    monkeypatch.setenv("HOME", str(here / "home"))
    return here / "home"


def refused(call: Callable[[], object], kind: type[FluidError], message: str) -> None:
    """Check that a call fails with one line."""
    with pytest.raises(kind, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_results_of_a_call_go_home(home: Path, files: Files) -> None:
    made = fluid.train_teacher(files.pool, endpoints="active", company="T", paths={"artifacts": "~/store"}, settings=FOREST)
    assert made.folder.is_relative_to(home / "store")
    assert made.save("~/kept") == home / "kept"
    assert fluid.load("~/kept").name == "T"
    assert [path.name for path in home.parent.iterdir()] == ["home"]


def test_results_of_the_verbs_go_home(home: Path, files: Files) -> None:
    given = [f"input={files.pool}", "company=T", "intake.endpoints=[active]", *FOREST[:-1], "paths.artifacts='~/store'", "out='~/teacher'"]
    assert main(["train-teacher", *given, "logger=csv"]) == 0
    assert main(["status", "paths.artifacts='~/store'", "paths.runs='~/runs'"]) == 0
    assert {path.name for path in home.iterdir()} >= {"store", "teacher"}
    assert [path.name for path in home.parent.iterdir()] == ["home"]


def test_nothing_is_copied_into_itself(teacher: fluid.Teacher, annotations: fluid.Annotations) -> None:
    before = contents(annotations.folder)
    for call in (annotations.send, annotations.save):
        refused(lambda call=call: call(annotations.folder / "deeper" / "copy"), ConfigError, "out lies in what is read")
        refused(lambda call=call: call(annotations.folder.parent), ConfigError, "out holds what is read")
    refused(lambda: teacher.save(teacher.folder / "copy"), ConfigError, "out lies in what is read")
    assert contents(annotations.folder) == before


def test_a_set_is_sent_into_a_new_folder_only(annotations: fluid.Annotations, here: Path) -> None:
    (here / "full").mkdir()
    (here / "full" / "letter.txt").write_text("mine")
    refused(lambda: annotations.send("full"), ConfigError, "already holds other results; expected a new or empty folder. Choose another")
    assert contents(here / "full") == {"letter.txt": b"mine"}


def test_evidence_is_sent_with_the_answers(files: Files, assay: Path, here: Path) -> None:
    asked = {"model": "additive", "annotation.domain": "evidence", "intake.quorum": 5, "intake.workers": 0}
    teacher = fluid.train_teacher(
        str(assay), endpoints=["active"], company="Acme", settings=[f"{key}={value}" for key, value in asked.items()]
    )
    made = teacher.annotate(str(files.transfer), settings=["intake.workers=0"])
    sent = fluid.Annotations(made.send("sent"))
    assert contents(sent.folder) == contents(made.folder / "annotation_set")
    assert "evidence.safetensors" in contents(sent.folder)
    assert contents(sent.save("kept")) == contents(sent.folder)
    assert fluid.aggregate([sent], settings=["consensus=evidence"]).folder.is_dir()


def test_a_set_that_was_sent_is_saved(annotations: fluid.Annotations, here: Path) -> None:
    sent = fluid.Annotations(annotations.send("sent"))
    assert contents(sent.save("kept")) == contents(sent.folder)
    assert sent.save("kept") == here / "kept"
    assert sent.save(sent.folder) == sent.folder
    assert sent.save(annotations.folder / "annotation_set") == annotations.folder / "annotation_set"
    refused(lambda: sent.save(annotations.folder), ConfigError, "already holds other results; .* add overwrite=True")
    assert contents(sent.save(annotations.folder, overwrite=True)) == contents(sent.folder)
    (here / "kept" / "letter.txt").write_text("mine")
    (here / "kept" / "manifest.json").unlink()
    refused(lambda: sent.save("kept", overwrite=True), ConfigError, "already holds other results")


def test_tables_are_verified(annotations: fluid.Annotations) -> None:
    consensus = fluid.aggregate([annotations], out="consensus", details=True)
    assert list(consensus.contribution["company"]) == ["Acme"]
    assert len(consensus.table) == len(annotations.table) == 20
    for folder, file in ((annotations.folder / "annotation_set", "annotations.parquet"), (consensus.folder, "contribution.csv")):
        with (folder / file).open("ab") as stream:
            stream.write(b"1")
    refused(lambda: fluid.Annotations(annotations.folder).table, ArtifactError, "truncated or altered")
    refused(lambda: fluid.Consensus("consensus").table, ArtifactError, "content differs from its manifest")
    refused(lambda: fluid.Consensus("consensus").contribution, ArtifactError, "content differs from its manifest")


def test_a_model_is_opened_once(teacher: fluid.Teacher, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    load = model_folder.load_predictor
    monkeypatch.setattr(model_folder, "load_predictor", lambda folder: opened.append(folder) or load(folder))  # type: ignore[func-returns-value]
    assert type(fluid.load(teacher.folder)) is fluid.Teacher
    assert len(opened) == 1
    monkeypatch.setattr(fluid.Teacher, "__init__", None)
    assert len(fluid.annotate(teacher, ["CCO", "CCN"]).table) == 2
