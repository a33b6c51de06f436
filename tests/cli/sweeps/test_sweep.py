"""Sweeps, status, garbage, collection: as a user calls them."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from fluid.cli.sweeps.sweep import combinations, parse, plan
from fluid.federation import simulation
from fluid.runs import record as run_record
from tests.cli.conftest import Call

SWEEP = "consensus=mean,uncertainty"


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that grows by the name of every teacher, student or hybrid that is trained."""
    from fluid.training import train

    names: list[str] = []
    real = train.train_ensemble

    def counted(job: train.Job, *args: object, **kwargs: object) -> object:
        names.append(job.name)
        return real(job, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(train, "train_ensemble", counted)
    return names


def folders(root: Path) -> list[Path]:
    return sorted(record.parent for record in root.rglob("run.json"))


def test_changing_only_the_consensus_trains_no_teacher_again(fluid: Call, small: list[str], trained: list[str], tmp_path: Path) -> None:
    settings = [*small, "workers=1"]
    assert fluid("simulate", "-m", *settings, SWEEP, "name=mine")[0] == 0
    assert sorted(name for name in trained if name[0] == "T") == ["T1", "T2", "T3"]
    assert sorted(trained.count(name) for name in ("student", "pooled")) == [1, 2]
    runs = folders(tmp_path / "runs" / "mine")
    before = [(run / "metrics.csv").read_bytes() for run in runs]
    trained.clear()
    code, out, _ = fluid("simulate", "-m", *settings, SWEEP, "name=mine")
    assert (code, trained) == (0, [])
    assert "sweep of 2 runs: 2 done" in out
    assert [(run / "metrics.csv").read_bytes() for run in runs] == before

    code, out, _ = fluid("collect", "folder=runs/mine")
    assert code == 0
    table = pd.read_csv(tmp_path / "runs" / "mine" / "collected.csv")
    assert set(table["consensus.method"]) == {"mean", "uncertainty"}
    assert len(table) == sum(len(pd.read_csv(run / "metrics.csv")) for run in runs)
    page = (tmp_path / "runs" / "mine" / "collected.html").read_text()
    assert "consensus=uncertainty" in page
    assert "<svg" in page


def test_a_failed_run_is_listed_with_the_command_that_does_it_again(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, out, error = fluid("simulate", "-m", *small, "intake.quorum=100000,5", "name=half")
    assert code == 2
    assert "sweep of 2 runs: 1 done, 1 failed" in out
    failed = next(run for run in folders(tmp_path / "runs") if json.loads((run / "run.json").read_text())["status"] == "failed")
    assert f"failed: {failed.relative_to(tmp_path)}: QuorumError" in error
    command = json.loads((failed / "run.json").read_text())["command"]
    assert f"again: {command}" in error
    assert command.startswith("fluid simulate ")
    import shlex

    code, _, error = fluid(*shlex.split(command)[1:])
    assert code == 2
    assert "expected at least 100000" in error
    assert len(folders(tmp_path / "runs")) == 2  # the same folder again
    code, out, _ = fluid("collect", "folder=runs/half", "out=table.parquet")
    assert code == 0
    assert f"not in the table: {failed.relative_to(tmp_path)}: failed QuorumError" in out
    assert pd.read_parquet(tmp_path / "table.parquet")["run"].nunique() == 1


def test_another_sweep_in_the_same_folder_is_refused(fluid: Call, small: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "mine"
    folder.mkdir(parents=True)
    (folder / "sweep.json").write_text(json.dumps({"settings": ["seed=1,2"]}))
    code, _, error = fluid("simulate", "-m", *small, SWEEP, "name=mine")
    assert code == 2
    assert "holds another sweep (seed=1,2)" in error
    assert "Choose another name=" in error


def test_a_plan_counts_runs_and_knows_what_decides_results(small: list[str], tmp_path: Path) -> None:
    first = plan("simulate", ["-m", "seed=range(5)", "consensus=mean,similarity", "workers=1", f"paths.runs={tmp_path}"])
    same = plan("simulate", ["consensus=mean,similarity", "-m", "seed=range(5)", "workers=2", f"paths.runs={tmp_path}"])
    assert (first.folder, first.settings, set(first.jobs)) == (same.folder, same.settings, set(same.jobs))
    assert len(first.jobs) == 10
    assert first.folder.parent == tmp_path


def test_status_and_gc(fluid: Call, small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fluid("simulate", *small, "name=kept")[0] == 0
    assert fluid("simulate", *small, "name=gone", "seed=1")[0] == 0
    monkeypatch.setattr(simulation, "evaluate", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fluid("simulate", *small, "name=broken", "seed=2")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    code, out, _ = fluid("status")
    assert code == 0
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "done" in lines["kept"]
    assert "failed" in lines["broken"]
    assert "ZeroDivisionError" in out
    assert "again: fluid simulate" in out
    assert "teacher" in lines

    results = {place for place in (tmp_path / "runs" / "store").rglob("artifact.json")}
    (tmp_path / "runs" / "store" / "teacher" / ".x.abc.part").mkdir()
    code, out, _ = fluid("gc", "dry_run=true")
    assert code == 0
    assert "half-written" in out
    assert {place for place in (tmp_path / "runs" / "store").rglob("artifact.json")} == results
    code, out, _ = fluid("gc")
    assert code == 0
    assert {place for place in (tmp_path / "runs" / "store").rglob("artifact.json")} == results  # all runs are still there
    shutil.rmtree(tmp_path / "runs" / "gone")
    assert fluid("gc")[0] == 0
    left = {place for place in (tmp_path / "runs" / "store").rglob("artifact.json")}
    assert left < results
    assert not list((tmp_path / "runs").rglob("*.part"))
    code, out, _ = fluid("simulate", *small, "name=kept")
    assert code == 0
    assert "already done" in out
    assert not [line for line in out.splitlines() if line.startswith("  ") and line.endswith(" s)")]  # nothing was made again


def test_other_settings_under_the_same_name_leave_nothing_of_the_earlier_run(fluid: Call, small: list[str], tmp_path: Path) -> None:
    assert fluid("simulate", *small, "name=one")[0] == 0
    assert (tmp_path / "runs" / "one" / "models" / "T3").is_dir()
    assert fluid("simulate", *small, "name=one", "companies.n=2")[0] == 0
    assert sorted(p.name for p in (tmp_path / "runs" / "one" / "models").iterdir() if p.name[0] == "T") == ["T1", "T2"]


def test_a_run_folder_that_somebody_works_in_is_left_alone(
    fluid: Call, small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    monkeypatch.setattr(run_record, "PATIENCE_S", 0.1)
    with run_record.claim_run(tmp_path / "runs" / "one"):
        code, _, error = fluid("simulate", *small, "name=one")
    assert code == 2
    assert "is at work in this run folder" in error
    assert "choose another name=" in error


@pytest.mark.parametrize(
    ("verb", "message"), [("gc", "there is no store"), ("status", "there are no runs"), ("collect", "folder is missing")]
)
def test_nothing_there_is_said(fluid: Call, verb: str, message: str) -> None:
    code, _, error = fluid(verb)
    assert code == 2
    assert message in error


def test_combinations_are_those_of_hydra() -> None:
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper

    texts = [
        "seed=range(3)",
        "consensus=mean,similarity",
        "intake.endpoints=['pic50 >= 5']",
        "+logger.x=null",
        "seed=4,5",
        "name=n",
        "~open",
    ]
    overrides = parse(texts)
    assert combinations(list(overrides.values())) == [
        tuple(text.removesuffix("=") if text.startswith("~") else text for text in job)
        for job in BasicSweeper.split_arguments(list(overrides.values()), None)[0]
    ]
