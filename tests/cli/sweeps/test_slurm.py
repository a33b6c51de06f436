"""A sweep as a job array of Slurm, without a Slurm: what is asked for, what is answered, whose signals are whose."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from fluid.cli.sweeps import slurm
from fluid.cli.sweeps.slurm import SlurmSpec, requeue, task_name
from tests.cli.conftest import Call


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
