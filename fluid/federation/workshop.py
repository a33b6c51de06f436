"""Where stages are carried out: each is looked up by what goes in, made if it is new, timed and watched."""

import resource
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fluid.artifacts import MANIFEST, Artifact, atomic_folder, open_artifact, seal
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.crew import side_by_side
from fluid.federation.stage import Stage
from fluid.federation.watch import Silent, Watch
from fluid.store import ArtifactStore

if TYPE_CHECKING:  # only training needs Lightning, whose import takes longer than a prediction
    from lightning.pytorch.loggers import Logger


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
        needs: Told of every stage before it is looked up or made.
    """

    store: ArtifactStore
    watch: Watch = field(default_factory=Silent)
    logger: "Callable[[str], Logger | None]" = lambda _: None
    records: list[StageRecord] = field(default_factory=list)
    workers: int = 1
    needs: Callable[[Stage], None] = lambda _: None

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
        self.needs(stage)
        with self.timed(stage.kind, stage.name) as reused:
            artifact, reused[0] = stage.make_in(self.store, self.watch.advance, self.watch.note)
        return artifact

    def new(self, stages: Mapping[str, Stage]) -> dict[str, Stage]:
        """Return the stages whose artifacts are not in the store."""
        for stage in stages.values():
            self.needs(stage)
        return {name: stage for name, stage in stages.items() if not self.store.holds(stage.kind, stage.key_inputs())}

    def make_all(self, stages: Mapping[str, Stage]) -> dict[str, Artifact]:
        """Return the artifacts of stages that do not need each other; those that are new are made side by side, first come first."""
        new = self.new(stages)
        made = new if len(new) > 1 and self.workers > 1 else {}
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
        key = stage.key()
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
