"""A whole federation from Python is that of the verb."""

from pathlib import Path

import pandas as pd
import pytest

import fluid
from fluid.cli.main import main
from tests.api.conftest import contents
from tests.conftest import Files


@pytest.fixture(scope="module")
def settings(files: Files) -> list[str]:
    """Return a small federation of forests."""
    return [
        "data=files", f"data.pool={files.pool}", f"data.transfer={files.transfer}", "intake.endpoints=[active]", "intake.quorum=5",
        "intake.workers=0", "companies=size", "companies.n=2", "companies.min_size=20", "companies.min_per_class=5",
        "model=forest", "model.n_trees=5", "student_model={hidden: 8, layers: 2}", "training=tiny", "trainer.threads=1",
        "evaluation.n_bootstrap=5", "evaluation.forest=false", "workers=1", "logger=none",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def run(settings: list[str], tmp_path_factory: pytest.TempPathFactory) -> fluid.Run:
    """Run it by Python in one folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("runs"))
        patch.delenv("FLUID_STORE", raising=False)
        return fluid.simulate(settings, seed=3, name="first")


def test_the_run_is_that_of_the_verb(run: fluid.Run, settings: list[str], here: Path) -> None:
    assert main(["simulate", *settings, "seed=3", "name=first"]) == 0
    ours, theirs = contents(run.folder), contents(here / "runs" / "first")
    assert set(ours) == set(theirs)
    different = {name for name in ours if ours[name] != theirs[name]}
    assert different <= {"run.json", "metrics.json", "report.html", "report_data/stages.csv"}  # they hold times


def test_what_a_run_holds(run: fluid.Run) -> None:
    pd.testing.assert_frame_equal(run.metrics[["model", "value"]], pd.read_csv(run.folder / "metrics.csv")[["model", "value"]])
    assert list(run.models) == ["H1", "H2", "T1", "T2", "pooled", "student"]
    assert len(run.models) == 6
    kinds = {name: type(run.models[name]) for name in ("T1", "student", "H1", "pooled")}
    assert kinds == {"T1": fluid.Teacher, "student": fluid.Student, "H1": fluid.Hybrid, "pooled": fluid.Teacher}
    assert list(run.annotations) == ["T1", "T2"]
    assert run.annotations["T2"].content.teacher == "T2"
    assert run.consensus.content.transfer_digest == run.annotations["T1"].content.transfer_digest
    assert run.report.is_file()
    assert len(run.models["student"].predict(["CCO"])) == 1
    with pytest.raises(KeyError, match="T9"):
        run.models["T9"]


def test_a_run_in_a_notebook(run: fluid.Run) -> None:
    assert repr(run).startswith("<Run: name first, models H1, H2")
    page = run._repr_html_()
    assert "student" in page
    assert page.count("<table") == 2


def test_the_report_opens(run: fluid.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    run.open()
    assert opened == [run.report.as_uri()]


def test_a_run_goes_home(run: fluid.Run, settings: list[str], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "home").mkdir()
    (here / "home" / "store").symlink_to(run.folder.parent / "store")
    monkeypatch.setenv("HOME", str(here / "home"))
    again = fluid.simulate(settings, seed=3, name="first", paths={"runs": "~/results", "artifacts": "~/store"})
    assert again.folder == here / "home" / "results" / "first"
    assert [path.name for path in here.iterdir()] == ["home"]
    pd.testing.assert_frame_equal(again.metrics, run.metrics)


def test_a_run_is_opened_again(run: fluid.Run) -> None:
    pd.testing.assert_frame_equal(fluid.load(run.folder).metrics, run.metrics)


def test_consensus_of_a_run_by_the_steps(run: fluid.Run, settings: list[str]) -> None:
    sets = [run.annotations["T2"], run.folder / "annotations" / "T1" / "annotation_set"]
    again = fluid.aggregate(sets, details=True, few_companies=True)
    assert (again.folder / "consensus.parquet").read_bytes() == (run.consensus.folder / "consensus.parquet").read_bytes()


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["model=forst"], "Did you mean 'forest'"),
        (["target=T1"], "target makes a part of a run"),
        (["hparams_search=optuna"], "hparams_search is a search"),
        (["data.pool=nowhere.csv"], r"nowhere\.csv: the molecule file is not found"),
    ],
)
def test_a_wrong_setting(settings: list[str], more: list[str], message: str, here: Path) -> None:
    kept = [text for text in settings if text.split("=")[0] != more[0].split("=")[0]]
    with pytest.raises(fluid.FluidError, match=message):
        fluid.simulate([*kept, *more])
    assert not list(here.glob("runs/*/metrics.csv"))
