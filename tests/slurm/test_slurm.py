"""The batch scripts and the launcher on a real Slurm, with all that can happen to a job there."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.slurm.cluster import Cluster, until
from tests.slurm.conftest import COMPANIES, SCRIPTS, Place, same_results, same_teacher

TEACHER = 1  # of the array of parts: 0 is pooled, 1 is T1


def finished(slurm: Cluster, job: str, state: str = "COMPLETED") -> None:
    until(lambda: slurm.state(job) == state, f"{job} to be {state}", 240)


def processes_of(job: str) -> list[int]:
    """Return the processes of a job that run fluid."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words, environment = ((place / name).read_bytes() for name in ("cmdline", "environ"))
        except OSError:
            continue
        if f"SLURM_JOB_ID={job}\0".encode() in environment and (b"fluid\0simulate" in words or b"submitit" in words):
            found.append(int(place.name))
    return found


def steps_of(job: str) -> list[int]:
    """Return the processes by which Slurm watches a job."""
    found = subprocess.run(["pgrep", "--full", f"slurmstepd: \\[{job}\\."], capture_output=True, text=True, check=False)
    return [int(process) for process in found.stdout.split()]


def test_the_chain_of_scripts_ends_like_one_run_though_a_task_is_requeued(slurm: Cluster, place: Place, plain: Path) -> None:
    command = ("env", "--chdir", place.folder, "bash", SCRIPTS / "submit.sh", *place.settings)
    told = slurm.call(*command, COMPANIES=str(COMPANIES), STUDY="study", **place.own())
    jobs = dict(part.split() for part in told.split(", "))
    assert list(jobs) == ["prepare", "teachers", "reduce", "students"]
    task = f"{jobs['teachers']}_{TEACHER}"
    place.teacher().wait()
    slurm.call("scontrol", "requeue", task)
    until(lambda: slurm.state(task) == "PENDING", "the task to be queued again")
    assert place.teacher().checkpoint
    assert place.teacher().record["status"] == "interrupted"
    finished(slurm, f"{jobs['students']}_0")
    assert slurm.field(task, "Restarts") == "1"
    (run,) = (folder for folder in (place.folder / "runs" / "study").iterdir() if folder.name.startswith("run-"))
    assert {folder.name for folder in (run / "targets").iterdir()} == {"data", "pooled", "T1", "T2", "consensus"}
    same_results(run, plain)
    log = (place.folder / f"fluid-students-{jobs['students']}_0.log").read_text()
    assert "train teacher: T1 (already done)" in log
    assert "train teacher: pooled (already done)" in log


@pytest.mark.slow
def test_a_warning_of_the_time_limit_requeues_once_and_changes_nothing(slurm: Cluster, place: Place, plain: Path) -> None:
    job = place.sbatch(slurm, "teachers.sh", f"--array={TEACHER}", "--time=20", "--signal=B:USR1@120")
    task = f"{job}_{TEACHER}"
    place.teacher().wait()
    (process,) = processes_of(slurm.field(task, "JobId"))
    os.kill(process, signal.SIGSTOP)  # Slurm looks at time limits twice a minute: let nothing be done meanwhile
    try:
        slurm.call("scontrol", "update", f"JobId={task}", "TimeLimit=2")
        until(lambda: pending(process, signal.SIGUSR1), "Slurm's warning", 60)
    finally:
        os.kill(process, signal.SIGCONT)
    until(lambda: slurm.state(task) == "PENDING", "the job to be queued again")
    slurm.call("scontrol", "update", f"JobId={task}", "TimeLimit=20")
    assert place.teacher().record["error"] == "Preempted"
    assert place.teacher().checkpoint
    until(lambda: slurm.state(task) == "RUNNING", "the job to run again")
    place.teacher().wait()
    until(lambda: place.teacher().record["status"] == "running", "the second attempt")
    finished(slurm, task)
    assert slurm.field(task, "Restarts") == "1"
    same_teacher(place.folder, plain)


def pending(process: int, signum: int) -> bool:
    """Return whether a stopped process has a signal waiting."""
    lines = dict(line.split(":\t") for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":\t" in line)
    return bool((int(lines["SigPnd"], 16) | int(lines["ShdPnd"], 16)) >> (signum - 1) & 1)


def test_a_second_warning_ends_the_job_for_good(slurm: Cluster, place: Place) -> None:
    """Without training: `python` is a program that is told to end at once, every time."""
    (place.folder / "bin").mkdir()
    (place.folder / "bin" / "python").write_text("#!/bin/sh\necho begun $SLURM_RESTART_COUNT >> begun\nexit 75\n")
    (place.folder / "bin" / "python").chmod(0o755)
    path = f"{place.folder / 'bin'}:{os.environ['PATH']}"
    job = slurm.call(
        "sbatch", "--parsable", f"--chdir={place.folder}", SCRIPTS / "prepare.sh", FLUID_SLURM=str(SCRIPTS), SEEDS="0", PATH=path
    )  # fmt: skip
    finished(slurm, job, "FAILED")
    assert (place.folder / "begun").read_text().split() == ["begun", "begun", "1"]
    assert slurm.field(job, "ExitCode") == "75:0"


@pytest.mark.slow
def test_scancel_leaves_a_clean_record_and_a_rerun_finishes(slurm: Cluster, place: Place, plain: Path) -> None:
    job = place.sbatch(slurm, "teachers.sh", f"--array={TEACHER}")
    place.teacher().wait()
    slurm.call("scancel", job)
    finished(slurm, f"{job}_{TEACHER}", "CANCELLED")
    until(lambda: not processes_of(slurm.field(f"{job}_{TEACHER}", "JobId")), "the processes to end")
    assert place.teacher().record["status"] == "interrupted"
    assert place.teacher().record["error"] == "Terminated"
    assert place.teacher().checkpoint
    assert "T1 is in the store" in place.done("target=T1", "seed=0")
    assert place.teacher().record["status"] == "done"
    same_teacher(place.folder, plain)


@pytest.mark.slow
def test_a_node_that_dies_and_comes_back_finishes_the_job(slurm: Cluster, place: Place, plain: Path) -> None:
    job = place.sbatch(slurm, "teachers.sh", f"--array={TEACHER}")
    task, node = f"{job}_{TEACHER}", slurm.call("sinfo", "--noheader", "--format", "%n")
    place.teacher().wait()
    slurm.stop("slurmd", kill=True)
    number = slurm.field(task, "JobId")
    for process in [*steps_of(number), *processes_of(number)]:
        os.kill(process, signal.SIGKILL)
    slurm.call("scontrol", "update", f"NodeName={node}", "State=DOWN", "Reason=power")
    until(lambda: slurm.state(task) == "PENDING", "the job to be queued again")
    assert place.teacher().record["status"] == "running"  # nobody could write more; the lock is free, so it counts as killed
    slurm.start("slurmd", "-D")
    slurm.call("scontrol", "update", f"NodeName={node}", "State=RESUME")
    finished(slurm, task)
    assert slurm.field(task, "Restarts") == "1"
    assert place.teacher().record["status"] == "done"
    same_teacher(place.folder, plain)


@pytest.mark.slow
def test_a_sweep_through_submitit(slurm: Cluster, place: Place, plain: Path) -> None:
    """One run is warned of its time limit, one killed, one has an impossible setting; the sweep says so and fails."""
    options = ["launcher=slurm", "launcher.poll_s=0.5", "launcher.timeout_min=20", "launcher.cpus_per_task=1", "name=sweep"]
    sweep = place.fluid("-m", *options, "intake.quorum=5,6,100000", "workers=2")
    file = place.folder / "runs" / "sweep" / "slurm.json"
    until(file.is_file, "the array", 60)
    job = json.loads(file.read_text())["job"]
    checkpoints = place.folder / "runs" / "store" / "scratch"
    until(lambda: len(list(checkpoints.glob("*/member_0"))) >= 2, "checkpoints", 90)
    killed = slurm.field(f"{job}_1", "JobId")  # a task has its own number only when it runs
    slurm.call("scancel", "--signal=USR1", f"{job}_0")  # to all processes of the step, as at a time limit
    for process in processes_of(killed):
        os.kill(process, signal.SIGKILL)
    out, error = sweep.communicate(timeout=150)
    assert sweep.returncode == 2, out + error
    runs = {json.loads((run / "config.json").read_text())["intake"]["quorum"]: run for run in file.parent.glob("run-*")}
    assert slurm.field(f"{job}_0", "Restarts") == "1"
    assert slurm.field(f"{job}_0", "JobState") == "COMPLETED"
    assert slurm.field(f"{job}_2", "JobState") == "FAILED"
    assert "sweep of 3 runs: 1 done, 1 failed, 1 killed" in out
    assert f"killed: {runs[6].relative_to(place.folder)}" in error
    assert f"failed: {runs[100000].relative_to(place.folder)}: QuorumError" in error
    same_results(runs[5], plain)


def test_a_refusal_of_slurm_is_one_line(place: Place) -> None:
    process = place.fluid("-m", "launcher=slurm", "launcher.partition=nowhere", "seed=0,1")
    _, error = process.communicate(timeout=60)
    assert process.returncode == 2
    assert error.startswith("fluid: error: sbatch refused the sweep:")
    assert error.count("\n") == 1
    assert "invalid partition" in error.lower()


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left(slurm: Cluster) -> None:
    """Start Slurm before the plain run, so that both cost their time once."""
