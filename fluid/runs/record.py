"""What a run folder says of its run from the first second: settings, state, needs; true also after `kill -9`.

RUN/config.json   the resolved settings
RUN/run.json      state, command, times, process, versions, hardware, error, and the stages that it needs, by key
RUN/.lock         held while a process is at work on the run
RUN/targets/T3/   the same for a target that was made alone (`target=T3`)
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from socket import gethostname
from typing import Any

from filelock import FileLock, Timeout

from fluid.artifacts import PART, hash_file, hash_json, read_json, write_json
from fluid.errors import ArtifactError, ConfigError
from fluid.foreign import is_litter
from fluid.outputs import check_is_folder, check_place
from fluid.pipeline.processes import tree_cpu_s
from fluid.pipeline.stage import Stage
from fluid.runs.provenance import provenance

RECORD, CONFIG, LOCK = "run.json", "config.json", ".lock"
RUNNING, DONE, FAILED, INTERRUPTED, KILLED = "running", "done", "failed", "interrupted", "killed"
PATIENCE_S = 30.0
TARGETS = "targets"
TARGETS_BEFORE = "parts"
"""What version 0.1 called the folder of targets."""
BEGUN = (RECORD, CONFIG, "config.yaml", LOCK, "logs", TARGETS, TARGETS_BEFORE)
"""What may lie in the folder of a run that has no record yet."""
OUTPUTS = ("metrics.json", "metrics.csv", "report.html")


def now() -> str:
    """Return the time in UTC, as ISO 8601 to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def target_folder(run: Path, target: str) -> Path:
    """Return the folder of a target of a run."""
    return run / TARGETS / target


def is_target(folder: Path) -> bool:
    """Return whether a folder is that of a target of a run."""
    return folder.parent.name in (TARGETS, TARGETS_BEFORE)


@dataclass(slots=True)
class RunRecord:
    """The record of a run that this process is at work on.

    Attributes:
        folder: The run's folder.
        values: What `run.json` holds.
        before: What it held before, if it held anything.
    """

    folder: Path
    values: dict[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)

    def needs(self, stage: Stage) -> None:
        """Write down that the run needs a stage, before it is made: what is needed is never collected as garbage."""
        entry = {"stage": stage.kind, "name": stage.name, "key": stage.key()}
        if entry not in self.values["needs"]:
            self.values["needs"].append(entry)
            self.write()

    def write(self) -> None:
        """Write `run.json`."""
        write_json(self.folder / RECORD, self.values)

    def end(self, status: str, error: str = "") -> None:
        """Write how the run ended."""
        self.values |= {"status": status, "error": error, "ended": now()}
        if status == DONE:
            self.values["outputs"] = outputs(self.folder)
        self.write()

    def complete(self) -> bool:
        """Return whether an earlier process has written all that this run would write: it needed the same and its files are intact."""
        same = all(self.before.get(name) == self.values[name] for name in ("needs", "config_hash"))
        return same and self.before.get("status") == DONE and self.before.get("outputs") == outputs(self.folder)


def outputs(folder: Path) -> dict[str, str]:
    """Return the hashes of the files that a finished run consists of."""
    return {name: hash_file(folder / name) for name in OUTPUTS if (folder / name).is_file()}


def read_record(folder: Path) -> dict[str, Any]:
    """Return a run's record; a run that says it is running but has no process is `killed`.

    Raises:
        ArtifactError: There is no record, or it is none of this program's.
    """
    values = read_json(folder / RECORD)
    if not isinstance(values, dict) or not {"status", "needs", "config_hash"} <= set(values):
        raise ArtifactError("not a run's record", where=str(folder / RECORD), expected="status, needs, config_hash")
    if values["status"] == RUNNING and not is_busy(folder):
        values["status"] = KILLED
    return values


def check_unused(folder: Path) -> None:
    """Refuse a run's folder that holds anything but what a run, or a target of it, has begun with.

    Raises:
        ConfigError: The folder holds something else: a sweep, or what is not of fluid at all.
    """
    check_is_folder(folder)
    if (folder / RECORD).is_file() or not folder.is_dir():
        return
    for place in sorted(folder.iterdir()):
        if place.name not in BEGUN and not is_litter(place.name) and not place.name.endswith(PART):
            what = f"the folder holds {place.name!r}, which is of no single run"
            raise ConfigError(what, where=str(folder), expected="a new folder, or that of a run", remedy="Choose another name=.")


def is_busy(folder: Path) -> bool:
    """Return whether a process is at work on the run."""
    if not (folder / LOCK).is_file():
        return False
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def earlier_record(folder: Path) -> dict[str, Any]:
    """Return the record that an earlier process left, or nothing."""
    try:
        return read_record(folder)
    except ArtifactError:
        return {}


@contextmanager
def claim_run(folder: Path) -> Iterator[None]:
    """Be the only process at work on a run.

    Raises:
        ConfigError: Another process is at work on the run, and does not end soon; or the folder cannot be written.
    """
    check_place(folder)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=PATIENCE_S)  # a process that was told to end may take a moment
    except Timeout:
        at_work = earlier_record(folder)
        raise ConfigError(
            f"process {at_work.get('pid')} on {at_work.get('host')} is at work in this run folder", where=str(folder),
            remedy="Wait for it, or choose another name=.",
        ) from None  # fmt: skip
    try:
        yield
    finally:
        lock.release()


def begin_record(command: str) -> dict[str, Any]:
    """Return the record of a run that this process begins now."""
    process = {"host": gethostname(), "pid": os.getpid()}
    return {"status": RUNNING, "command": command, "started": now(), "ended": "", "error": "", "needs": [], **process, **provenance()}


def one_line(error: BaseException) -> str:
    """Return an error as one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}".removesuffix(": ")


def write_failure(folder: Path, config: Mapping[str, Any], command: str, error: BaseException) -> None:
    """Record a run that failed before it began."""
    with claim_run(folder):
        write_json(folder / CONFIG, config)
        RunRecord(folder, begin_record(command) | {"config_hash": ""}).end(FAILED, one_line(error))


def time_spent(began: float, used: float) -> dict[str, float]:
    """Return wall and processor seconds since `began`, when `used` processor seconds had gone by; child processes included."""
    return {"seconds": round(time.perf_counter() - began, 3), "cpu_seconds": round(tree_cpu_s() - used, 3)}


@contextmanager
def record_run(folder: Path, config: Mapping[str, Any], settings: Mapping[str, Any], command: str) -> Iterator[RunRecord]:
    """Record a run: before anything is done, after every stage, and how it ended, whatever ended it.

    Args:
        folder: The run's folder; made here.
        config: The whole resolved configuration.
        settings: The part of it that decides results.
        command: The command that carries out the run again.

    Raises:
        ConfigError: Another process is at work on the run.
    """
    with claim_run(folder):
        before = earlier_record(folder)
        started = {"status": RUNNING, "command": command, "started": now(), "ended": "", "error": "", "host": gethostname()}
        record = RunRecord(folder, {**started, "pid": os.getpid(), "config_hash": hash_json(settings), "needs": [], **provenance()}, before)
        write_json(folder / CONFIG, config)
        record.write()
        began, used = time.perf_counter(), tree_cpu_s()
        try:
            yield record
        except BaseException as error:
            record.values |= time_spent(began, used)
            record.end(INTERRUPTED if isinstance(error, KeyboardInterrupt) else getattr(error, "status", FAILED), one_line(error))
            raise
        record.values |= time_spent(began, used)
        record.end(DONE)
