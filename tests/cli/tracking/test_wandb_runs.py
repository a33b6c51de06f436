import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from fluid.cli.compose import compose, plain_values
from fluid.cli.tracking.loggers import track_run
from fluid.cli.tracking.tracking import Tracked, Tracker
from fluid.cli.tracking.wandb_runs import mode
from fluid.errors import ConfigError, FluidError
from fluid.pipeline.workers import run_side_by_side
from fluid.reporting.page import write_report
from fluid.reporting.report_files import write_report_data
from fluid.runs.record import target_folder
from tests.cli.conftest import Call
from tests.cli.tracking.wandb_files import OfflineRun, read_all
from tests.conftest import Files
from tests.reporting.conftest import make

NETWORK = ["model.hidden=16", "model.layers=2", "training=tiny"]
COMMON = ["intake.endpoints=[active]", "intake.quorum=5", "intake.workers=0", "trainer.threads=1", "annotation.mc_samples=0"]
SETTINGS = {"kind": "wandb", "project": "p", "group": None, "offline": True}


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Let nobody be logged in, and nothing in the environment decide."""
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def complete(run: OfflineRun, config: Mapping[str, Any]) -> bool:
    """Return whether a run has the whole configuration and says what it was made by and on."""
    made_by = run.config["versions"]["torch"] and run.config["hardware"]["cores"] and len(run.config["git_commit"]) >= 40
    return bool(made_by) and all(run.config[key] == value for key, value in config.items())


@pytest.mark.slow
def test_a_federation_and_its_trainings(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, out, error = fluid("simulate", *small, "name=first", "logger=wandb", "workers=2")
    assert (code, error) == (0, "")
    folder = tmp_path / "runs" / "first"
    assert f"wandb sync {Path('runs/first/logs/wandb')}/offline-run-*" in out
    runs, config = read_all(folder / "logs"), json.loads((folder / "config.json").read_text())
    kinds = {name: run.run["job_type"] for name, run in runs.items()}
    teachers, hybrids = dict.fromkeys(("T1", "T2", "T3"), "teacher"), dict.fromkeys(("H1", "H2", "H3"), "hybrid")
    assert kinds == {"first": "federation", "pooled": "pooled", "student": "student", **teachers, **hybrids}
    assert {run.exit_code for run in runs.values()} == {0}
    assert {run.run["run_group"] for run in runs.values()} == {"first"}
    assert all(complete(run, config) for run in runs.values())
    federation = runs.pop("first")
    assert {run.config["run"]["parent"] for run in runs.values()} == {federation.run["run_id"]}
    assert runs["H2"].config["run"]["company"] == "T2"
    assert runs["student"].config["run"]["company"] == ""
    for run in runs.values():
        losses = {name for item in run.history for name in item}
        assert {"train/loss", "validation/loss"} <= losses
    check_results(federation, folder)
    check_figures(federation, folder)


def check_results(federation: OfflineRun, folder: Path) -> None:
    """Check that the summary says what the run's folder says."""
    table = pd.read_csv(folder / "metrics.csv")
    student = table[(table["model"] == "student") & (table["metric"] == "auroc") & (table["test"] == "external")]["value"].item()
    assert federation.summary["external/active/student/auroc"] == pytest.approx(student)
    cost = json.loads((folder / "metrics.json").read_text())["cost"]["total"]
    assert federation.summary["cost/cpu_s"] == pytest.approx(cost["cpu_s"])
    kept = json.loads(next(folder.rglob("stages_*.table.json")).read_text())
    assert len(kept["data"]) == len(pd.read_csv(folder / "report_data" / "stages.csv"))
    assert {"scores", "companies", "stages", "report"} <= {name.split(".")[0] for name in federation.summary}


def check_figures(federation: OfflineRun, folder: Path) -> None:
    """Check that the report is kept with all its figures, in the run's own folder."""
    result = next(artifact for artifact in federation.artifacts if artifact["type"] == "federation")
    names = {entry["path"] for entry in result["manifest"]["contents"]}
    assert {"report.html", "metrics.csv", "metrics.json", "figures/calibration.svg"} <= names
    assert all(Path(entry["local_path"]).is_relative_to(folder) for entry in result["manifest"]["contents"])
    assert next(folder.rglob("media/html/report_*.html")).read_text() == (folder / "report.html").read_text()


def test_results_are_kept_beside_the_run(tmp_path: Path) -> None:
    data = make()
    write_report_data(data, tmp_path)
    write_report(data, tmp_path / "report.html")
    with track_run(SETTINGS, tracked(tmp_path / "logs")) as tracker:
        tracker.results(data, tmp_path)
    run = read_all(tmp_path / "logs")["f"]
    assert run.exit_code == 0
    assert run.summary["in-domain/blocker/student/auroc"] == pytest.approx(0.83)
    assert run.summary["cost/energy_j"] == pytest.approx(71.0)
    assert not any("/T1/" in name for name in run.summary)  # in the table only
    kept = json.loads(next(tmp_path.rglob("scores_*.table.json")).read_text())
    assert len(kept["data"]) == len(data.scores)
    assert "wandb/artifacts" in next(tmp_path.rglob("artifacts/staging")).as_posix()
    check_figures(run, tmp_path)


def test_a_failed_federation_is_failed_and_has_all_records(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, _, error = fluid("simulate", *small, "name=bad", "logger=wandb", "intake.smiles_column=structure")
    assert code == 2
    folder = tmp_path / "runs" / "bad"
    runs = read_all(folder / "logs")
    assert list(runs) == ["bad"]
    assert runs["bad"].exit_code == 1
    assert "structure" in runs["bad"].summary["error"]
    assert complete(runs["bad"], json.loads((folder / "config.json").read_text()))
    assert "structure" in error


def test_a_failed_run_has_its_records_without_wandb(fluid: Call, small: list[str], tmp_path: Path) -> None:
    settings = [*small, "name=bad", "logger=none", "intake.smiles_column=structure"]
    assert fluid("simulate", *settings)[0] == 2
    folder = tmp_path / "runs" / "bad"
    record = json.loads((folder / "run.json").read_text())
    assert (record["status"], record["hardware"]["cores"] >= 1, "torch" in record["versions"]) == ("failed", True, True)
    assert len(record["git_commit"]) >= 40
    assert record["cpu_seconds"] >= 0
    config = plain_values(compose("simulate", settings))
    assert json.loads((folder / "config.json").read_text()) == config
    assert yaml.safe_load((folder / "config.yaml").read_text()) == config


def test_a_training_by_itself(fluid: Call, files: Files, tmp_path: Path) -> None:
    arguments = ["company=Acme", f"input={files.pool}", *COMMON, *NETWORK, "out=teacher", "training.teacher.members=2"]
    code, _, error = fluid("train-teacher", *arguments, "logger=wandb", "logger.group=ours")
    assert code == 0, error
    runs = read_all(tmp_path / "teacher-logs")
    assert sorted(runs) == ["Acme-0", "Acme-1"]
    for run in runs.values():
        assert (run.exit_code, run.run["job_type"], run.run["run_group"]) == (0, "teacher", "ours")
        assert run.config["training"]["teacher"]["members"] == 2
        assert (run.config["run"]["company"], run.config["run"]["parent"]) == ("Acme", "")
        assert any("train/loss" in item for item in run.history)


def tracked(folder: Path) -> Tracked:
    return Tracked("simulate", "f", "f", folder, {"seed": 0})


def train(tracker: Tracker, name: str, end: Callable[[], None]) -> None:
    """Do as a training does in a worker process, and then as `end` does."""
    logger = tracker(name, "teacher", name)
    assert logger is not None
    logger.log_metrics({"train/loss": 1.0}, step=1)
    end()
    logger.finalize("success")


def killed() -> None:
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_worker_left_open_is_ended_as_failed(tmp_path: Path) -> None:
    with pytest.raises(FluidError, match="killed"), track_run(SETTINGS, tracked(tmp_path)) as tracker:
        list(run_side_by_side({"bad": partial(train, tracker, "bad", killed)}, 2))
    runs = read_all(tmp_path)
    assert {name: run.exit_code for name, run in runs.items()} == {"f": 1, "bad": 1}
    assert "a worker process was killed" in runs["f"].summary["error"]
    assert runs["bad"].history[0]["train/loss"] == 1.0
    assert list((tmp_path / "wandb" / ".open").iterdir()) == []


def test_a_training_that_fails_in_this_process(tmp_path: Path) -> None:
    def fails() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), track_run(SETTINGS, tracked(tmp_path)) as tracker:
        train(tracker, "T1", fails)
    assert {name: run.exit_code for name, run in read_all(tmp_path).items()} == {"f": 1, "T1": 1}


def test_nothing_is_opened_for_a_training_that_never_begins(tmp_path: Path) -> None:
    with track_run(SETTINGS, tracked(tmp_path)) as tracker:
        tracker("T1", "teacher", "T1")
    assert list(read_all(tmp_path)) == ["f"]


@pytest.mark.parametrize(
    ("offline", "environment", "expected"),
    [
        (True, {}, "offline"),
        (True, {"WANDB_API_KEY": "x" * 40}, "offline"),
        ("auto", {}, "offline"),
        ("auto", {"WANDB_API_KEY": "x" * 40}, "online"),
        ("auto", {"WANDB_API_KEY": "x" * 40, "WANDB_MODE": "offline"}, "offline"),
        (False, {"WANDB_API_KEY": "x" * 40}, "online"),
        (False, {"WANDB_MODE": "offline"}, "offline"),
    ],
)
def test_online_only_if_the_user_says_so_and_is_known(
    offline: bool | str, environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert mode(offline) == expected


def test_a_key_in_netrc_counts_for_its_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine api.wandb.ai\n  login user\n  password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    assert mode("auto") == "online"
    monkeypatch.setenv("WANDB_BASE_URL", "https://wandb.example.org")
    assert mode("auto") == "offline"


def test_online_without_a_key_is_refused_before_any_work(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, _, error = fluid("simulate", *small, "name=x", "logger=wandb", "logger.offline=false")
    assert code == 2
    assert "nobody is logged in to W&B. Run: wandb login" in error
    assert not (tmp_path / "runs" / "store" / "intake").exists()
    with pytest.raises(ConfigError, match="logger.offline is 'never'; expected true, false or auto"):
        mode("never")


def begun(small: list[str], folder: Path, *more: str) -> "subprocess.Popen[str]":
    """Begin a federation in a process of its own."""
    command = [sys.executable, "-m", "fluid", "simulate", *small, "name=x", "logger=wandb", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


@pytest.mark.slow
def test_a_part_of_a_federation_is_in_the_group_of_the_whole(fluid: Call, small: list[str], tmp_path: Path) -> None:
    code, _, error = fluid("simulate", *small, "name=whole", "target=T2", "logger=wandb")
    assert (code, error) == (0, "")
    runs = read_all(target_folder(tmp_path / "runs" / "whole", "T2") / "logs")
    assert {name: run.run["job_type"] for name, run in runs.items()} == {"whole-T2": "federation", "T2": "teacher"}
    assert {run.run["run_group"] for run in runs.values()} == {"whole"}


def wait_for_line(process: "subprocess.Popen[str]", word: str) -> None:
    assert process.stdout
    for line in process.stdout:
        if word in line:
            return
    pytest.fail(process.stderr.read() if process.stderr else "")


@pytest.mark.slow
def test_a_killed_run_has_its_whole_configuration(small: list[str], tmp_path: Path) -> None:
    with begun(small, tmp_path) as process:
        wait_for_line(process, "external")  # the first stage has ended
        os.killpg(process.pid, signal.SIGKILL)
    folder = tmp_path / "runs" / "x"
    run = read_all(folder / "logs")["x"]
    assert complete(run, json.loads((folder / "config.json").read_text()))
    assert run.exit_code is None  # W&B shows such a run as crashed
    assert (run.run["run_group"], run.run["job_type"]) == ("x", "federation")


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_ended_run_and_its_trainings_in_workers_are_ended(small: list[str], tmp_path: Path, sent: signal.Signals, code: int) -> None:
    more = ["training.teacher.epochs=3000", "training.teacher.patience=3000", "workers=2"]
    with begun(small, tmp_path, *more) as process:
        wait_for_line(process, "T3")
        patience = time.monotonic() + 60
        while len(list(tmp_path.rglob("run-*.wandb"))) < 3 and time.monotonic() < patience:
            time.sleep(0.1)
        os.killpg(process.pid, sent)
        process.communicate(timeout=60)
    assert process.returncode == code
    runs = read_all(tmp_path / "runs" / "x" / "logs")
    assert len(runs) >= 3
    assert {run.exit_code for run in runs.values()} == {1}
