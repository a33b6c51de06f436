"""Every verb asks whether it can make what it is to make before it reads or trains anything; nothing is destroyed."""

from pathlib import Path

import pandas as pd
import pytest

from fluid.cli.compose import plain_values
from fluid.cli.simulate import whole_folder
from fluid.errors import ConfigError
from fluid.runs.record import BEGUN, check_unused
from tests.cli.conftest import Call
from tests.conftest import Files

FOREST = ["model=forest", "model.n_trees=3", "intake.workers=0", "intake.quorum=5", "logger=none"]
ONE_PLACE = "hparams_search.space={model.hidden: {choices: [8]}}"
BY_FILES = {
    "train-teacher": ["input=no.csv", "company=A"],
    "annotate": ["teacher=no", "transfer=no.csv"],
    "aggregate": ["annotations=[no]"],
    "distill": ["consensus_folder=no", "transfer=no.csv"],
    "hybrid": ["input=no.csv", "company=A", "student=no", "consensus_folder=no", "transfer=no.csv"],
    "evaluate": ["model_folder=no", "input=no.csv"],
    "predict": ["model_folder=no", "input=no.csv"],
    "collect": ["folder=no"],
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "mine.csv").write_text("mine\n")
    (tmp_path / "dangling.csv").symlink_to("nowhere")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(("verb", "given"), BY_FILES.items())
@pytest.mark.parametrize(
    ("out", "message"),
    [("dangling.csv", "leads nowhere"), ("mine.csv/below.csv", "mine.csv is a file"), ("x" * 245 + ".csv", "too long"), ("", "out is ")],
)
def test_a_place_where_nothing_can_be_made_is_refused_first(
    fluid: Call, place: Path, verb: str, given: list[str], out: str, message: str
) -> None:
    code, _, error = fluid(verb, *given, f"out={out}")
    assert (code, error.count("\n")) == (2, 1)
    assert message in error
    assert {path.name for path in place.iterdir()} == {"mine.csv", "dangling.csv", "full"}


@pytest.mark.parametrize("verb", [verb for verb in BY_FILES if verb not in ("predict", "collect")])
@pytest.mark.parametrize("out", ["full", "mine.csv", "."])
def test_what_is_there_is_not_replaced(fluid: Call, place: Path, verb: str, out: str) -> None:
    for more in ([], ["overwrite=true"]):
        code, _, error = fluid(verb, *BY_FILES[verb], f"out={out}", *more)
        assert (code, error.count("\n")) == (2, 1)
        assert "holds other results" in error or "a file of this name" in error
    assert (place / "full" / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize("verb", ["train-teacher", "hybrid"])
@pytest.mark.parametrize("company", ["../../x", "", ".", "a/b", "a\\b", "a\tb", "x" * 300])
def test_a_company_has_a_name(fluid: Call, tmp_path: Path, verb: str, company: str) -> None:
    code, _, error = fluid(verb, *BY_FILES[verb], f"company={company}", "out=here")
    assert (code, error.count("\n")) == (2, 1)
    assert "company is " in error
    assert "expected a name: letters, digits" in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", ".", "", "x" * 300])
def test_a_run_a_sweep_and_a_search_have_names(fluid: Call, tmp_path: Path, name: str) -> None:
    for arguments in (
        [f"name={name}"],
        ["-m", "seed=1,2", f"name={name}"],
        [f"sweep={name}"],
        ["-m", "hparams_search=optuna", ONE_PLACE, f"name={name}"],
    ):
        code, _, error = fluid("simulate", *arguments)
        assert (code, error.count("\n")) == (2, 1)
        assert "expected a name: letters, digits" in error
    assert list(tmp_path.iterdir()) == []


def test_a_name_is_a_text() -> None:
    config = {"paths": {"runs": "runs"}, "name": 7, "sweep": None}
    with pytest.raises(TypeError):
        whole_folder(config)
    assert whole_folder(config | {"name": "7"}) == Path("runs/7")


def test_a_run_does_not_begin_in_a_folder_of_something_else(fluid: Call, tmp_path: Path) -> None:
    (tmp_path / "runs" / "thesis" / "models").mkdir(parents=True)
    (tmp_path / "runs" / "thesis" / "models" / "mine.txt").write_text("mine")
    code, _, error = fluid("simulate", "name=thesis")
    assert (code, error.count("\n")) == (2, 1)
    assert "the folder holds 'models', which is of no single run" in error
    assert [path.name for path in (tmp_path / "runs" / "thesis").rglob("*")] == ["models", "mine.txt"]
    (tmp_path / "begun").mkdir()
    for name in (*BEGUN[1:], ".DS_Store", ".x.abc.part"):
        (tmp_path / "begun" / name).touch()
    check_unused(tmp_path / "begun")
    check_unused(tmp_path / "new")


def test_a_store_and_runs_are_folders(fluid: Call, place: Path) -> None:
    for setting in ("paths.artifacts=mine.csv", "paths.runs=mine.csv"):
        for verb in (["simulate", "name=x"], ["status"], ["gc"]):
            code, _, error = fluid(*verb, setting)
            assert (code, error.count("\n")) == (2, 1)
    assert {path.name for path in place.iterdir()} == {"mine.csv", "dangling.csv", "full"}


def test_garbage_is_collected_in_a_store_only(fluid: Call, place: Path) -> None:
    (place / "full" / "work" / "thesis").mkdir(parents=True)
    code, _, error = fluid("gc", "paths.artifacts=full")
    assert code == 2
    assert "full: this folder is no store of fluid. Check paths.artifacts." in error
    assert (place / "full" / "work" / "thesis").is_dir()
    assert not (place / "full" / "store.json").exists()


def test_a_collected_table_replaces_its_like_only(fluid: Call, place: Path) -> None:
    code, _, error = fluid("collect", "folder=full", "out=mine.csv")
    assert code == 2
    assert "mine.csv: this file was not made by fluid collect and would be lost" in error
    pd.DataFrame(columns=["run", "experiment", "config", "x"]).to_csv("table.csv", index=False)
    assert "there is no finished run" in fluid("collect", "folder=full", "out=table.csv")[2]
    (place / "page.html").write_text("mine")
    assert "page.html: this file was not made" in fluid("collect", "folder=full", "out=page.parquet")[2]
    assert (place / "mine.csv").read_text() == "mine\n"


def test_a_report_that_cannot_be_written(fluid: Call, place: Path) -> None:
    (place / "full" / "report.html").mkdir()
    assert "report.html: this is a folder; expected a file" in fluid("report", "run=full")[2]


@pytest.mark.filterwarnings("ignore:.*files of other programs")
def test_a_consortium_with_names_as_people_give_them(fluid: Call, files: Files, tmp_path: Path) -> None:
    """Names with blanks, brackets and quotes, a link as a target, and files of other programs in every folder."""
    (tmp_path / "pool (1), it's.csv").write_bytes(files.pool.read_bytes())
    (tmp_path / "öffentlich=1.csv").write_bytes(files.transfer.read_bytes())
    (tmp_path / "big disk").mkdir()
    (tmp_path / "link").symlink_to("big disk")
    given = ["input=pool (1), it's.csv", "intake.endpoints=[active]", *FOREST]
    assert fluid("train-teacher", *given, "company=Acme & Söhne (1)", "out=link")[0] == 0
    assert (tmp_path / "link").is_symlink()
    (tmp_path / "big disk" / ".DS_Store").touch()
    assert fluid("annotate", "teacher=link", "transfer=öffentlich=1.csv", "out=answers [1]", "intake.workers=0")[0] == 0
    (tmp_path / "answers [1]" / "annotation_set" / "desktop.ini").touch()
    assert fluid("aggregate", "annotations=[answers [1]]", "out=a,b")[0] == 0
    assert fluid("predict", "model_folder=link", "input=öffentlich=1.csv", "out=x/{answers}.csv", "intake.workers=0")[0] == 0
    assert len(pd.read_csv(tmp_path / "x" / "{answers}.csv")) == len(pd.read_csv(files.transfer))
    (tmp_path / "big disk" / "notes.txt").touch()
    code, _, error = fluid("predict", "model_folder=link", "input=öffentlich=1.csv", "out=y.csv", "intake.workers=0")
    assert code == 2
    assert "notes.txt: this file does not belong to the results in its folder. Move it away." in error
    code, _, error = fluid("train-teacher", *given, "company=B", "out=link", "overwrite=true")
    assert code == 2
    assert "also holds 'notes.txt'" in error
    (tmp_path / "big disk" / "notes.txt").unlink()
    assert fluid("train-teacher", *given, "company=B", "out=link", "overwrite=true")[0] == 0
    assert (tmp_path / "link").is_symlink()
    assert fluid("train-teacher", *given, "company=C", "out=link/inside")[0] == 2


def test_places_that_are_no_texts_are_refused() -> None:
    from omegaconf import OmegaConf

    for values in ({"run": None}, {"folder": ["a"]}, {"paths": {"runs": 1}}):
        with pytest.raises(ConfigError, match="expected the name of a file or folder"):
            plain_values(OmegaConf.create(values))
    assert plain_values(OmegaConf.create({"out": None})) == {"out": None}
