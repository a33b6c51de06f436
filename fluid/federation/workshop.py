"""Where stages are carried out: each is looked up by what goes in, made if it is new, timed and watched."""

import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from fluid.artifacts import MANIFEST, Artifact, ArtifactStore, atomic_folder, code_version, hash_json, open_artifact, seal
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.crew import side_by_side
from fluid.training.threads import threads

if TYPE_CHECKING:  # only training needs Lightning, whose import takes longer than a prediction
    from lightning.pytorch.loggers import Logger

Report = Callable[[float], None]
SCRATCH = "scratch"

ROOMS = {
    "intake": ("molecules", "data"),
    "split": ("molecules", "data", "companies"),
    "teacher": ("molecules", "data", "models", "distillation/losses.py", "training"),
    "annotate": ("molecules", "models", "annotation"),
    "consensus": ("annotation", "distillation"),
    "student": ("molecules", "data", "models", "distillation", "training"),
    "hybrid": ("molecules", "data", "models", "distillation", "training"),
    "judge": ("molecules", "models", "annotation"),
}
LIBRARIES = ("torch", "torch-geometric", "rdkit", "lightning", "numpy", "scikit-learn")


@cache
def library_versions() -> Mapping[str, str]:
    """Return the versions of the libraries that decide results."""
    return {name: version(name) for name in LIBRARIES}


@dataclass(frozen=True, slots=True)
class Work:
    """What a stage is given while it builds.

    Attributes:
        report: Call with the share of work done, in [0, 1].
        scratch: Folder, not made yet, whose content survives an interrupted run: what is found there was made from the same
            inputs. It is removed when the stage is done.
    """

    report: Report
    scratch: Path


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a federation: a pure function of its inputs.

    Attributes:
        kind: What it does (`teacher`).
        name: Whom or what for (`T3`).
        inputs: All that decides the result: specs, digests of input artifacts, seed.
        build: Fills an empty folder.
        threads: CPU threads of tensor operations while it builds; sums in another number of threads may round otherwise.
    """

    kind: str
    name: str
    inputs: Mapping[str, Any]
    build: Callable[[Path, Work], None]
    threads: int = 1

    def key_inputs(self) -> dict[str, Any]:
        """Return the inputs together with the versions of code and libraries."""
        code = code_version("seeding.py", "artifacts.py", f"federation/stages/{self.kind}.py", *ROOMS[self.kind])
        return {"name": self.name, **self.inputs, "threads": self.threads, "code": code, "libraries": library_versions()}

    def make_in(self, store: ArtifactStore, report: Report) -> tuple[Artifact, bool]:
        """Return the stage's artifact, and whether it was in the store already."""
        return store.get_or_make(self.kind, self.key_inputs(), lambda folder: self.fill(folder, store, report))

    def fill(self, folder: Path, store: ArtifactStore, report: Report) -> None:
        """Fill a folder, with the stage's own threads, and remove its scratch."""
        with threads(self.threads):
            self.build(folder, Work(report, self.scratch(store)))
        shutil.rmtree(self.scratch(store), ignore_errors=True)

    def scratch(self, store: ArtifactStore) -> Path:
        """Return the stage's scratch folder: in the store, under the key of the inputs."""
        return store.root / SCRATCH / hash_json({"stage": self.kind, "inputs": self.key_inputs()})[:32]


class Watch(Protocol):
    """Whoever shows the progress of stages."""

    def start(self, stage: str, name: str) -> None:
        """Announce that a stage starts."""

    def advance(self, share: float) -> None:
        """Announce the share of the stage's work that is done, in [0, 1]."""

    def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
        """Announce that a stage ended, and whether its result was reused."""

    def note(self, text: str) -> None:
        """Announce something worth knowing, of one or more lines."""


class Silent:
    """A watch that shows nothing."""

    def start(self, stage: str, name: str) -> None:
        """Show nothing."""

    def advance(self, share: float) -> None:
        """Show nothing."""

    def done(self, stage: str, name: str, seconds: float, reused: bool) -> None:
        """Show nothing."""

    def note(self, text: str) -> None:
        """Show nothing."""


@dataclass(frozen=True, slots=True)
class StageRecord:
    """Cost of one stage: wall time, whether reused, and the process's peak memory so far in MB."""

    stage: str
    name: str
    seconds: float
    reused: bool
    peak_mb: float


def peak_memory_mb() -> float:
    """Return the peak resident memory of this process in MB (10⁶ bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


class Task(NamedTuple):
    """Something to carry out in any process: what it does, for whom, and a function that returns its process's peak memory in MB."""

    kind: str
    name: str
    run: Callable[[], float]


def make_quietly(stage: Stage, root: Path) -> float:
    """Make a stage in a worker process; returns the peak memory in MB."""
    stage.make_in(ArtifactStore(root), lambda _: None)
    return peak_memory_mb()


@dataclass(slots=True)
class Workshop:
    """Carries out stages in a store.

    Attributes:
        store: Where results lie.
        watch: Who shows progress.
        logger: Makes a Lightning logger for a training run's name, or none.
        records: Cost of every stage, in the order carried out.
        workers: Processes for stages that do not need each other; changes no result.
    """

    store: ArtifactStore
    watch: Watch = field(default_factory=Silent)
    logger: "Callable[[str], Logger | None]" = lambda _: None
    records: list[StageRecord] = field(default_factory=list)
    workers: int = 1

    @contextmanager
    def timed(self, stage: str, name: str) -> Iterator[list[bool]]:
        """Watch and record a block; the yielded list may be filled with `True` if nothing had to be done."""
        self.watch.start(stage, name)
        began, reused = time.perf_counter(), [False]
        yield reused
        record = StageRecord(stage, name, time.perf_counter() - began, reused[0], peak_memory_mb())
        self.records.append(record)
        self.watch.done(stage, name, record.seconds, record.reused)

    def make(self, stage: Stage) -> Artifact:
        """Return the stage's artifact, found in the store or made now."""
        with self.timed(stage.kind, stage.name) as reused:
            artifact, reused[0] = stage.make_in(self.store, self.watch.advance)
        return artifact

    def new(self, stages: Mapping[str, Stage]) -> dict[str, Stage]:
        """Return the stages whose artifacts are not in the store."""
        return {name: stage for name, stage in stages.items() if not self.store.holds(stage.kind, stage.key_inputs())}

    def make_all(self, stages: Mapping[str, Stage]) -> dict[str, Artifact]:
        """Return the artifacts of stages that do not need each other; those that are new are made side by side, first come first."""
        new = self.new(stages) if self.workers > 1 else {}
        made = new if len(new) > 1 else {}
        self.carry_out([Task(stage.kind, stage.name, partial(make_quietly, stage, self.store.root)) for stage in made.values()])
        return {
            name: stage.make_in(self.store, self.watch.advance)[0] if name in made else self.make(stage) for name, stage in stages.items()
        }

    def carry_out(self, tasks: Sequence[Task]) -> None:
        """Carry out tasks that do not need each other, side by side if there are workers; they are watched and recorded."""
        if self.workers == 1 or len(tasks) < 2:
            for task in tasks:
                with self.timed(task.kind, task.name):
                    task.run()
            return
        waiting = {task.name: task for task in tasks}
        for name, seconds, peak in side_by_side({task.name: task.run for task in tasks}, self.workers):
            done = waiting.pop(name)
            self.records.append(StageRecord(done.kind, name, seconds, False, max(peak, peak_memory_mb())))
            self.watch.done(done.kind, name, seconds, False)
            if waiting:
                self.watch.start(done.kind, ", ".join(list(waiting)[: self.workers]))
                self.watch.advance(1 - len(waiting) / len(tasks))

    def make_at(self, stage: Stage, folder: Path, overwrite: bool = False) -> Artifact:
        """Make the stage's result in a folder of the user's choice; do nothing if it is there already.

        Raises:
            ConfigError: The folder holds something else and `overwrite` is false.
        """
        key = hash_json({"stage": stage.kind, "inputs": stage.key_inputs()})
        with self.timed(stage.kind, stage.name) as reused:
            reused[0] = _holds(folder, key)
            if not reused[0]:
                _check_free(folder, overwrite)
                with atomic_folder(folder) as temporary:
                    stage.fill(temporary, self.store, self.watch.advance)
                    seal(temporary, stage.kind, key)
        return open_artifact(folder)


def _holds(folder: Path, key: str) -> bool:
    try:
        return open_artifact(folder).key == key
    except ArtifactError:
        return False


def _check_free(folder: Path, overwrite: bool) -> None:
    occupied = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
    if occupied and not (overwrite and (folder / MANIFEST).exists()):
        remedy = "Choose another out=, or add overwrite=true to replace earlier results of fluid."
        raise ConfigError(
            "the output folder already holds other results", where=str(folder), expected="a new or empty folder", remedy=remedy
        )
