"""What lies in a store and in the run folders, and what of it nobody needs any more."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluid.artifacts import MANIFEST, PART
from fluid.errors import ArtifactError
from fluid.pipeline.store import KEY_LETTERS, LOCKS, SCRATCH, ArtifactStore
from fluid.runs.record import DONE, RECORD, read_record


@dataclass(frozen=True, slots=True)
class RunStatus:
    """One run.

    Attributes:
        folder: Where it lies.
        status: `done`, `running`, `failed`, `interrupted`, `killed` or `unreadable`.
        age_s: Seconds since its record was last written.
        made: Stages in the store of those that it is known to need.
        needed: Stages that it is known to need so far.
        size: Bytes of its folder.
        error: Why it ended, if not well.
        command: What carries it out again.
    """

    folder: Path
    status: str
    age_s: float
    made: int
    needed: int
    size: int
    error: str
    command: str


@dataclass(frozen=True, slots=True)
class StageStatus:
    """All results of one kind of stage: how many, their bytes, and the ages of the oldest and the newest in seconds."""

    stage: str
    count: int
    size: int
    oldest_s: float
    newest_s: float


@dataclass(frozen=True, slots=True)
class Garbage:
    """Something that no kept run needs."""

    place: Path
    what: str
    size: int


def folder_size(folder: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    return sum(file.lstat().st_size for file in [folder, *folder.rglob("*")] if file.is_file())


def age_s(path: Path) -> float:
    """Return the seconds since a file or folder was last changed."""
    return max(0.0, time.time() - path.stat().st_mtime)


def run_folders(runs: Path) -> list[Path]:
    """Return all run folders below a folder, those of sweeps too, in order."""
    return sorted(record.parent for record in runs.rglob(RECORD)) if runs.is_dir() else []


def run_status(folder: Path, store: ArtifactStore) -> RunStatus:
    """Return the state of one run; a record that cannot be read is a state, not an error."""
    try:
        record: dict[str, Any] = read_record(folder)
    except ArtifactError as error:
        record = {"status": "unreadable", "needs": [], "error": str(error)}
    needs = record["needs"]
    made = sum((store.place(need["stage"], need["key"]) / MANIFEST).is_file() for need in needs)
    why = "" if record["status"] == DONE else str(record.get("error", ""))
    return RunStatus(
        folder, record["status"], age_s(folder / RECORD), made, len(needs), folder_size(folder), why, str(record.get("command", ""))
    )


def stage_status(store: ArtifactStore) -> list[StageStatus]:
    """Return what lies in the store, by kind of stage."""
    found: dict[str, list[Path]] = {}
    for stage, folder in store.results():
        found.setdefault(stage, []).append(folder)
    return [
        StageStatus(stage, len(folders), sum(map(folder_size, folders)), max(map(age_s, folders)), min(map(age_s, folders)))
        for stage, folders in found.items()
    ]


def needed_keys(folders: Iterable[Path]) -> set[tuple[str, str]]:
    """Return stage and shortened key of everything that runs need.

    Raises:
        ArtifactError: A record cannot be read: nobody knows what that run needs.
    """
    needs = [need for folder in folders for need in read_record(folder)["needs"]]
    return {(need["stage"], need["key"][:KEY_LETTERS]) for need in needs}


def garbage(store: ArtifactStore, runs: Path) -> list[Garbage]:
    """Return what no kept run needs: results, checkpoints, half-written files, locks that nobody holds.

    A run is kept as long as its folder exists: below `runs`, or wherever the store has seen it at work.

    Raises:
        ArtifactError: The record of a run cannot be read.
    """
    known = {folder.resolve() for folder in run_folders(runs)} | {place for place in store.runs() if (place / RECORD).is_file()}
    needed = needed_keys(sorted(known))
    keys = {key for _, key in needed}
    parts = [Garbage(place, "half-written", folder_size(place)) for root in (store.root, runs) for place in half_written(root)]
    results = [Garbage(folder, stage, folder_size(folder)) for stage, folder in store.results() if (stage, folder.name) not in needed]
    scratch = store.root / SCRATCH
    left = (
        [Garbage(place, "checkpoint", folder_size(place)) for place in scratch.iterdir() if place.name not in keys]
        if scratch.is_dir()
        else []
    )
    locks = [Garbage(place, "lock", folder_size(place)) for place in (store.root / LOCKS).glob("*-*")]
    return [*parts, *results, *left, *locks]


def half_written(root: Path) -> list[Path]:
    """Return temporary files and folders that a killed process left, outermost only."""
    found = sorted(root.rglob(f".*{PART}")) if root.is_dir() else []
    return [place for place in found if not any(part.endswith(PART) for part in place.relative_to(root).parts[:-1])]


def collect_garbage(store: ArtifactStore, runs: Path, dry_run: bool = False) -> list[Garbage]:
    """Remove what no kept run needs; returns what was removed, or would be.

    Raises:
        ArtifactError: A process is at work in the store, or the record of a run cannot be read.
    """
    with store.undisturbed():
        found = garbage(store, runs)
        for item in () if dry_run else found:
            shutil.rmtree(item.place) if item.place.is_dir() else item.place.unlink(missing_ok=True)
    return found
