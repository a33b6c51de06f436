"""The runs of a sweep as one job array of Slurm, submitted with submitit.

Who owns which signal. SIGUSR1 (soon over: time limit) and SIGTERM (`scancel`, preemption, shutdown) belong to `fluid.cli.signals`: in a
job they take the place of the handlers that submitit has set, and the job asks for SIGUSR1 where submitit would ask for SIGUSR2.
SIGUSR2 stays submitit's, and nobody sends it. Lightning owns none: it is told that there is no batch system (`fluid.training.fit`).

Who puts a job back into the queue. After SIGUSR1 the job itself, at most `requeues` times in its life, by `scontrol requeue`; after
preemption or the death of a node Slurm does so. The run then goes on from the store and the checkpoints of its training.

What became of a run is read from its folder. submitit's own results and its watcher (which needs Slurm's accounting) are not used: the
sweep waits until the array has left the queue.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any

from fluid.artifacts import read_json, write_json
from fluid.cli.exit_codes import FAILED
from fluid.cli.failures import say_stopped
from fluid.cli.signals import Preempted, Terminated, heed_signals
from fluid.cli.sweeps.job import Settings, carry_out
from fluid.errors import ConfigError

LOGS, JOB = "slurm", "slurm.json"


@dataclass(frozen=True, slots=True)
class SlurmSpec:
    """A Slurm job for each run.

    Attributes:
        partition: Partition; null is the cluster's default.
        account: Account that is charged.
        qos: Quality of service.
        constraint: Features that a node must have.
        timeout_min: Time limit of a run in minutes.
        cpus_per_task: Cores of a run.
        gpus_per_task: GPUs of a run.
        mem_gb: Memory of a run in GB; null is the cluster's default.
        at_once: Most runs at the same time.
        signal_s: Seconds before the time limit at which a run is told to end (SIGUSR1).
        requeues: How often a run that was told to end is queued again.
        poll_s: Seconds between looks at the queue.
        setup: Shell commands before a run, such as `module load cuda`.
        options: Any other options of sbatch by name, such as `{nice: 100}`.
    """

    partition: str | None = None
    account: str | None = None
    qos: str | None = None
    constraint: str | None = None
    timeout_min: int = 240
    cpus_per_task: int = 2
    gpus_per_task: int = 0
    mem_gb: float | None = None
    at_once: int = 256
    signal_s: int = 120
    requeues: int = 1
    poll_s: float = 10.0
    setup: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ConfigError: A number is out of range.
        """
        least = {"timeout_min": 1, "cpus_per_task": 1, "gpus_per_task": 0, "at_once": 1, "signal_s": 0, "requeues": 0}
        for name, bound in least.items():
            if getattr(self, name) < bound:
                raise ConfigError(f"launcher.{name} is {getattr(self, name)}", expected=f"at least {bound}")
        if not self.poll_s > 0 or (self.mem_gb is not None and not self.mem_gb > 0):
            raise ConfigError(f"launcher.poll_s is {self.poll_s} and launcher.mem_gb {self.mem_gb}", expected="more than 0")

    def check(self) -> None:
        """Look for submitit and Slurm.

        Raises:
            ConfigError: The package submitit or a command of Slurm is not installed.
        """
        if find_spec("submitit") is None:
            raise ConfigError("launcher=slurm needs a package that is not installed", remedy="Run: pip install 'fluid[sweep]'.")
        if any(shutil.which(command) is None for command in ("sbatch", "srun", "squeue")):
            remedy = "Run it where jobs are submitted, or use launcher=joblib."
            raise ConfigError("launcher=slurm needs Slurm's commands, which are not on this machine's PATH", remedy=remedy)

    def launch(self, jobs: Mapping[Path, Settings], folder: Path) -> None:
        """Submit all runs as one job array and wait until it has left the queue; Ctrl-C and SIGTERM cancel it.

        An array that an earlier command for the same sweep has left in the queue is waited for instead.

        Raises:
            ConfigError: Slurm refuses the array.
        """
        job = earlier_job(folder)
        if job:
            print(f"slurm job {job} of an earlier command is still in the queue", flush=True)
        else:
            job = submit(self, list(jobs.values()), folder)
            write_json(folder / JOB, {"job": job})
            print(f"slurm job {job}: {len(jobs)} runs, logs in {folder / LOGS}", flush=True)
        try:
            wait(job, self.poll_s)
        except KeyboardInterrupt:
            subprocess.run(["scancel", job], check=False)
            raise

    def parameters(self) -> dict[str, Any]:
        """Return the options of sbatch, by the names that submitit has for them."""
        named = {name: getattr(self, name) for name in ("partition", "account", "qos", "constraint", "cpus_per_task")}
        return {
            **{name: value for name, value in named.items() if value is not None},
            **({"gpus_per_task": self.gpus_per_task} if self.gpus_per_task else {}),
            **({"mem": f"{self.mem_gb * 1024:.0f}M"} if self.mem_gb else {}),
            "job_name": "fluid",
            "time": self.timeout_min,
            "nodes": 1,
            "ntasks_per_node": 1,
            "array_parallelism": self.at_once,
            "setup": list(self.setup) or None,
            "stderr_to_stdout": True,
            "additional_parameters": {"signal": f"USR1@{self.signal_s}", "requeue": True, **self.options},
        }


def submit(spec: SlurmSpec, jobs: Sequence[Settings], folder: Path) -> str:
    """Submit runs as one job array; returns its number.

    Raises:
        ConfigError: Slurm refuses the job array.
    """
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    executor = submitit.SlurmExecutor(folder / LOGS)
    try:
        executor.update_parameters(**spec.parameters())
        with redirect_stderr(StringIO()):  # what sbatch says is in the error, too
            made = executor.map_array(carry_out_in_job, jobs, [spec.requeues] * len(jobs))
    except (FailedJobError, FailedSubmissionError) as error:
        said = re.findall(r"(?:sbatch: )?error: (.+)", str(error)) or [" ".join(str(error).split())]
        raise ConfigError(f"sbatch refused the sweep: {'; '.join(said)}", remedy="Check launcher.* and the cluster's limits.") from None
    number: str = made[0].job_id.split("_")[0]
    return number


def earlier_job(folder: Path) -> str:
    """Return the number of the array that an earlier command has submitted for this sweep, if it is still in the queue; or nothing."""
    if not (folder / JOB).is_file():
        return ""
    job: str = read_json(folder / JOB)["job"]
    return job if states(job) else ""


def states(job: str) -> Counter[str]:
    """Return the states of a job's tasks with their numbers; none if it has left the queue. A controller that is away counts as a state."""
    command = ["squeue", "--noheader", "--array", "--jobs", job, "--format", "%T"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode and "Invalid job id" not in found.stderr:
        return Counter({"unknown": 1})
    return Counter(found.stdout.lower().split())


def wait(job: str, poll_s: float) -> None:
    """Wait until a job has left the queue, and say whenever its tasks' states change."""
    told: Counter[str] = Counter()
    while now := states(job):
        if now != told:
            print(f"slurm job {job}: " + ", ".join(f"{count} {state}" for state, count in sorted(now.items())), flush=True)
            told = now
        time.sleep(poll_s)


def task_name(environment: Mapping[str, str]) -> str:
    """Return how Slurm calls this process's job; of an array only this task, whose plain number may be that of the whole array."""
    array, task = environment.get("SLURM_ARRAY_JOB_ID"), environment.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else environment["SLURM_JOB_ID"]


def requeue(most: int, environment: Mapping[str, str] = os.environ) -> bool:
    """Queue this job again unless it was restarted `most` times already; returns whether it was."""
    if int(environment.get("SLURM_RESTART_COUNT", "0")) >= most:
        return False
    return subprocess.run(["scontrol", "requeue", task_name(environment)], check=False).returncode == 0


def carry_out_in_job(settings: Settings, requeues: int) -> None:
    """Carry out one run inside a Slurm job; the job's exit code is that of the run.

    Raises:
        SystemExit: The run did not end well.
    """
    heed_signals()
    try:
        done = carry_out(settings)
    except (Preempted, Terminated) as end:
        code = say_stopped(end)
        if isinstance(end, Preempted) and requeue(requeues):
            print("the job is queued again", file=sys.stderr, flush=True)
        sys.exit(code)
    if not done:
        sys.exit(FAILED)
