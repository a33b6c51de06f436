"""Launchers of a sweep, without a batch system: choice, refusal, workers that are killed, parts of a federation."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fluid.cli import launchers, slurm, sweep
from fluid.cli.job import carry_out
from fluid.cli.launchers import BasicSpec, JoblibSpec, launcher_of
from fluid.cli.signals import GRACE_S, SIGNALS, End, Preempted, Terminated
from fluid.cli.slurm import SlurmSpec, requeue, task_name
from fluid.pipeline.workers import LEFT_TO_PARENT, leave_signals_to, side_by_side
from tests.cli.conftest import Call

pytestmark = pytest.mark.usefixtures("undrawn")

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
        (["target=T4"], "target is 'T4'; expected one of data, T1, T2, T3, pooled, consensus, student, H1, H2, H3"),
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


def test_slurm_without_submitit_says_how_to_install_it(fluid: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "find_spec", lambda _: None)
    code, _, error = fluid("simulate", "-m", "seed=1,2", "launcher=slurm")
    assert code == 2
    assert error.strip().endswith("launcher=slurm needs a package that is not installed. Run: pip install 'fluid[sweep]'.")


def test_slurm_without_slurm_says_so(fluid: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "find_spec", lambda _: True)
    monkeypatch.setattr(slurm.shutil, "which", lambda _: None)
    code, _, error = fluid("simulate", "-m", "seed=1,2", "launcher=slurm")
    assert code == 2
    assert "Slurm's commands" in error
    assert "launcher=joblib" in error


def test_settings_are_options_of_sbatch_and_the_signal_is_ours() -> None:
    spec = SlurmSpec(partition="gpu", gpus_per_task=2, cpus_per_task=8, mem_gb=1.5, timeout_min=90, signal_s=60, options={"nice": 3})
    given = spec.parameters()
    assert (given["partition"], given["gpus_per_task"], given["cpus_per_task"], given["mem"], given["time"]) == ("gpu", 2, 8, "1536M", 90)
    assert given["additional_parameters"] == {"signal": "USR1@60", "requeue": True, "nice": 3}
    assert "account" not in given
    assert "gpus_per_task" not in SlurmSpec().parameters()
    text = pytest.importorskip("submitit.slurm.slurm")._make_sbatch_string("x", Path("logs"), **given)
    for line in ("--gpus-per-task=2", "--cpus-per-task=8", "--signal=USR1@60", "--requeue", "--nice=3", "--time=90", "--partition=gpu"):
        assert f"#SBATCH {line}\n" in text
    assert "USR2" not in text


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
    overrides = sweep.parsed(texts)
    assert sweep.combinations(list(overrides.values())) == [
        tuple(text.removesuffix("=") if text.startswith("~") else text for text in job)
        for job in BasicSweeper.split_arguments(list(overrides.values()), None)[0]
    ]


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"SLURM_JOB_ID": "7"}, "7"),
        ({"SLURM_JOB_ID": "9", "SLURM_ARRAY_JOB_ID": "9", "SLURM_ARRAY_TASK_ID": "0"}, "9_0"),
    ],
)
def test_a_task_of_an_array_does_not_requeue_the_whole_array(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], name: str
) -> None:
    called: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(slurm.subprocess, "run", run)
    assert task_name(environment) == name
    assert requeue(1, environment)
    assert not requeue(1, environment | {"SLURM_RESTART_COUNT": "1"})
    assert requeue(2, environment | {"SLURM_RESTART_COUNT": "1"})
    assert called == [["scontrol", "requeue", name]] * 2


def test_a_controller_that_is_away_is_not_an_empty_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([(1, "", "slurm_load_jobs error: Unable to contact slurm controller"), (0, "RUNNING\nPENDING\nRUNNING\n", ""),
                    (1, "", "slurm_load_jobs error: Invalid job id specified"), (0, "", "")])  # fmt: skip
    monkeypatch.setattr(slurm.subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, *next(answers)))
    assert [dict(slurm.states("1")) for _ in range(4)] == [{"unknown": 1}, {"running": 2, "pending": 1}, {}, {}]


def test_a_signal_that_comes_twice_ends_a_run_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("fluid.cli.signals.time.monotonic", lambda: now[0])
    end = End()
    with pytest.raises(Preempted):
        end(signal.SIGUSR1, None)
    end(signal.SIGTERM, None)
    now[0] += GRACE_S + 1
    with pytest.raises(Terminated):
        end(signal.SIGTERM, None)


def test_workers_leave_the_signals_of_a_batch_system_to_their_parent() -> None:
    assert set(LEFT_TO_PARENT) == set(SIGNALS)
    before = {signum: signal.getsignal(signum) for signum in LEFT_TO_PARENT}
    leave_signals_to(os.getpid())
    assert {signum: signal.getsignal(signum) for signum in LEFT_TO_PARENT} == before
    outcomes = list(side_by_side({"a": survives, "b": survives}, 2))
    assert sorted(outcome.name for outcome in outcomes) == ["a", "b"]


def survives() -> None:
    """Come back in a process that these signals do not end."""
    for signum in LEFT_TO_PARENT:
        os.kill(os.getpid(), signum)


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


@pytest.mark.slow
def test_parts_made_alone_are_found_by_the_whole_run(fluid: Call, small: list[str], tmp_path: Path) -> None:
    plain = [f"paths.artifacts={tmp_path / 'plain'}", f"paths.runs={tmp_path / 'plain_runs'}"]
    parts = f"paths.artifacts={tmp_path / 'parts'}"
    assert fluid("simulate", *small, "name=whole", *plain)[0] == 0
    made = ["T2", "data", "pooled", "T1", "T3", "consensus", "H2"]
    for part in made:
        code, out, error = fluid("simulate", *small, "name=whole", parts, f"target={part}")
        assert (code, error) == (0, "")
        assert out.splitlines()[-1] == f"{part} is in the store: {tmp_path / 'parts'}"
    assert not (tmp_path / "runs" / "whole" / "metrics.json").exists()
    assert {folder.name for folder in (tmp_path / "runs" / "whole" / "targets").iterdir()} == set(made)
    code, out, _ = fluid("simulate", *small, "name=whole", parts)
    assert code == 0
    for stage in (
        "train teacher: T1",
        "train teacher: pooled",
        "combine annotations: consensus",
        "distil student: student",
        "train hybrid: H2",
    ):
        assert f"{stage} (already done)" in out
    assert "train hybrid: H1 (already done)" not in out
    for name in PATHS:
        assert (tmp_path / "runs" / "whole" / name).read_bytes() == (tmp_path / "plain_runs" / "whole" / name).read_bytes()
    left = {place.relative_to(tmp_path / "plain"): place.read_bytes() for place in (tmp_path / "plain").rglob("artifact.json")}
    assert {place.relative_to(tmp_path / "parts"): place.read_bytes() for place in (tmp_path / "parts").rglob("artifact.json")} == left
    assert "1 runs, " in fluid("collect", "folder=runs")[1]


def test_lightning_leaves_signals_alone_within_a_batch_system() -> None:
    """In a process of its own, since Slurm's variables are read at several times."""
    script = """
import signal
from lightning.fabric.plugins.environments import SLURMEnvironment
from fluid.cli.signals import End, heed_signals
from fluid.training.fit import make_trainer
from fluid.training.config import TrainingConfig, TrainerSpec
heed_signals()
trainer = make_trainer(TrainingConfig(), TrainerSpec(), [], None, True)
trainer._signal_connector.register_signal_handlers()
print(SLURMEnvironment.detect(), isinstance(trainer._accelerator_connector.cluster_environment, SLURMEnvironment))
print(isinstance(signal.getsignal(signal.SIGUSR1), End))
"""
    variables = {
        "SLURM_NTASKS": "1",
        "SLURM_JOB_ID": "1",
        "SLURM_PROCID": "0",
        "SLURM_LOCALID": "0",
        "SLURM_NODEID": "0",
        "SLURM_JOB_NAME": "x",
    }
    done = subprocess.run([sys.executable, "-c", script], env={**os.environ, **variables}, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "True"]
