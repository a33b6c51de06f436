"""Launchers of a sweep, without a batch system: choice, refusal, workers that are killed."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from fluid.cli.sweeps import launchers, sweep
from fluid.cli.sweeps.job import carry_out
from fluid.cli.sweeps.launchers import BasicSpec, JoblibSpec, launcher_of
from tests.cli.conftest import Call

PATHS = ("metrics.csv", "consensus/consensus.parquet")


def runs_of(folder: Path) -> dict[str, Path]:
    """Return the runs of a sweep by their consensus."""
    configs = {run.parent: json.loads((run.parent / "config.json").read_text()) for run in folder.glob("*/run.json")}
    return {config["consensus"]["method"]: run for run, config in configs.items()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"kind": "basic"}, BasicSpec()),
        ({"kind": "joblib", "n_jobs": 3}, JoblibSpec(3)),
    ],
)
def test_a_launcher_is_built_by_its_kind(values: dict[str, object], expected: object) -> None:
    assert launcher_of(values) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["launcher=joblib"], "Add -m."),
        (["-m", "seed=1,2", "launcher=jobli"], "joblib"),
        (["-m", "seed=1,2", "launcher=joblib", "launcher.n_jobs=0"], "launcher.n_jobs is 0; expected at least 1"),
        (["-m", "seed=1,2", "launcher=joblib", "launcher.n_job=2"], "n_jobs"),
        (["-m", "seed=1,2", "launcher=slurm", "launcher.timeout_min=0"], "launcher.timeout_min is 0"),
        (["-m", "seed=1,2", "launcher=slurm", "launcher.mem_gb=0"], "launcher.mem_gb 0.0; expected more than 0"),
        (["-m", "launcher=basic,joblib"], "launcher is swept over"),
        (["-m", "name=a,b"], "name is swept over"),
        (["-m", "seed=1,2", "hydra/launcher=joblib"], "Choose with launcher=..."),
        (["-m", "seed=1,2", "--config-dir=x"], "a sweep does not know --config-dir=x"),
        (["-m", "seed=interval(0,1)"], "has no end of values"),
        (["-m", "model=gine,gin"], "Did you mean 'gine'?"),
        (["-m", "hparams_search=optuna", "launcher=slurm"], "start the same command several times"),
        (["target=T4"], "target is 'T4'; expected one of data, "),
    ],
)
def test_what_cannot_be_launched_is_said_in_one_line(
    fluid: Call, small: list[str], tmp_path: Path, arguments: list[str], expected: str
) -> None:
    code, _, error = fluid("simulate", *small, *arguments)
    assert code == 2
    assert error.startswith("fluid: error: ")
    assert error.count("\n") == 1
    assert expected in error
    assert not list(tmp_path.rglob("run.json"))


@pytest.mark.slow
def test_joblib_ends_like_basic(fluid: Call, small: list[str], tmp_path: Path) -> None:
    settings = [*small, "workers=1", "companies.n=2", "consensus=mean,uncertainty"]
    assert fluid("simulate", "-m", *settings, "name=one", f"paths.artifacts={tmp_path / 'one'}")[0] == 0
    code, out, error = fluid("simulate", "-m", *settings, "launcher=joblib", "name=two", f"paths.artifacts={tmp_path / 'two'}")
    assert (code, error) == (0, "")
    assert "sweep of 2 runs: 2 done" in out
    first, second = (runs_of(tmp_path / "runs" / name) for name in ("one", "two"))
    assert len(first) == 2
    for method, run in first.items():
        assert run.name == second[method].name
        assert [(run / name).read_bytes() for name in PATHS] == [(second[method] / name).read_bytes() for name in PATHS]
    assert "launcher" not in json.loads((second["mean"] / "run.json").read_text())["command"]


def test_killed_workers_are_listed_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(launchers, "carry_out_in_worker", pretend)
    jobs = {tmp_path / name: (str(tmp_path / name),) for name in ("a", "die", "c", "d", "e")}
    JoblibSpec(2).launch(jobs, tmp_path)
    assert "a worker process was killed" in capfd.readouterr().err
    assert {path.parent.name for path in tmp_path.glob("*/run.json")} == set("acde") | {"die"}
    told = {sweep.state_of(run, settings)["status"] for run, settings in jobs.items() if run.name == "die"}
    assert told == {"killed"}
    assert {run.name for run in jobs if sweep.state_of(run, jobs[run])["status"] == "done"} >= {"e"}


def pretend(settings: tuple[str, ...]) -> bool:
    """Leave a record, in a worker, and be killed before its end if that is the folder's name."""
    folder = Path(settings[0])
    folder.mkdir()
    record = {"status": "running", "needs": [], "config_hash": "", "command": "", "error": ""}
    (folder / "run.json").write_text(json.dumps(record))
    if folder.name == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    (folder / "run.json").write_text(json.dumps(record | {"status": "done"}))
    return True


def test_a_run_that_left_no_record_is_not_done(fluid: Call, small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launchers, "carry_out", lambda settings: "consensus=mean" in settings or carry_out(settings))
    code, out, error = fluid("simulate", "-m", *small, "workers=1", "companies.n=2", "consensus=mean,uncertainty", "name=lost")
    assert code == 2
    assert "sweep of 2 runs: 1 done, 1 not begun" in out
    line = next(line for line in error.splitlines() if line.startswith("not begun: runs/lost/run-"))
    assert line.endswith(": no process has left a record")
    assert "    again: fluid simulate data=files" in error
    assert "1 of 2 runs are not done" in error
