"""Where stages are carried out: each is looked up by what goes in, made if it is new, timed and watched."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from fluid.artifacts import Artifact, atomic_folder, open_artifact, read_manifest, seal, without_link
from fluid.errors import ArtifactError
from fluid.outputs import check_free
from fluid.pipeline.cost import Cost, Meter
from fluid.pipeline.progress import Progress, SilentProgress
from fluid.pipeline.stage import Stage
from fluid.pipeline.store import ArtifactStore
from fluid.pipeline.workers import run_side_by_side


@dataclass(frozen=True, slots=True)
class StageRecord:
    """A stage that was carried out, whether its result was there already, and what it cost this run."""

    stage: str
    name: str
    reused: bool
    cost: Cost


class Task(NamedTuple):
    """Something to carry out in any process: what it does, for whom, a function, and how many GPUs its child processes use."""

    kind: str
    name: str
    run: Callable[[], object]
    gpus: int = 0


def titles(tasks: Sequence[Task]) -> list[str]:
    """Return what to call tasks: by name, and by kind too where two kinds of task are for the same name."""
    shared = Counter(task.name for task in tasks)
    return [task.name if shared[task.name] == 1 else f"{task.kind} {task.name}" for task in tasks]


def make_quietly(stage: Stage, root: Path) -> None:
    """Make a stage in a worker process."""
    stage.make_in(ArtifactStore(root), lambda _: None)


class MakeLogger(Protocol):
    """Makes the logger of one training, of whatever kind the training takes, or `None`; it may be called in any process."""

    def __call__(self, name: str, role: str, company: str) -> Any:
        """Return the logger.

        Args:
            name: Name of the training: of the model, or of one member of it.
            role: What the model is: `teacher`, `pooled`, `student` or `hybrid`.
            company: Whose it is; empty if nobody's.
        """


def no_logger(name: str, role: str, company: str) -> Any:
    """Log nowhere."""
    return None


@dataclass(slots=True)
class Runner:
    """Carries out stages in a store.

    Attributes:
        store: Where results lie.
        progress: Who shows progress.
        logger: Makes the logger of each training.
        records: Cost of every stage, in the order carried out.
        workers: Processes for stages that do not need each other, and threads for teachers that annotate together; changes no result.
        needs: Told of every stage before it is looked up or made.
    """

    store: ArtifactStore
    progress: Progress = field(default_factory=SilentProgress)
    logger: MakeLogger = no_logger
    records: list[StageRecord] = field(default_factory=list)
    workers: int = 1
    needs: Callable[[Stage], None] = lambda _: None

    @contextmanager
    def measured(self, stage: str, name: str, gpus: int = 0) -> Iterator[list[bool]]:
        """Progress and record a block; the yielded list may be filled with `True` if nothing had to be done."""
        self.progress.start(stage, name)
        meter, reused = Meter(gpus), [False]
        yield reused
        record = StageRecord(stage, name, reused[0], meter.cost())
        self.records.append(record)
        self.progress.done(stage, name, record.cost.seconds, record.reused)

    def logs(self, role: str, company: str = "") -> Callable[[str], Any]:
        """Return what makes the loggers of one model's trainings by their names."""
        return partial(self.logger, role=role, company=company)

    def make(self, stage: Stage) -> Artifact:
        """Return the stage's artifact, found in the store or made now."""
        self.needs(stage)
        with self.measured(stage.kind, stage.name, stage.gpus()) as reused:
            artifact, reused[0] = stage.make_in(self.store, self.progress.advance, self.progress.note)
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
        self.carry_out(
            [Task(stage.kind, stage.name, partial(make_quietly, stage, self.store.root), stage.gpus()) for stage in made.values()]
        )
        return {
            name: stage.make_in(self.store, self.progress.advance)[0] if name in made else self.make(stage)
            for name, stage in stages.items()
        }

    def carry_out(self, tasks: Sequence[Task]) -> None:
        """Carry out tasks that do not need each other, side by side if there are workers; they are watched and recorded."""
        if self.workers == 1 or len(tasks) < 2:
            for task in tasks:
                with self.measured(task.kind, task.name, task.gpus):
                    task.run()
            return
        waiting = dict(zip(titles(tasks), tasks, strict=True))
        runs, gpus = {title: task.run for title, task in waiting.items()}, {title: task.gpus for title, task in waiting.items()}
        for title, cost in run_side_by_side(runs, self.workers, gpus):
            done = waiting.pop(title)
            self.records.append(StageRecord(done.kind, done.name, False, cost))
            self.progress.done(done.kind, done.name, cost.seconds, False)
            if waiting:
                self.progress.start(done.kind, ", ".join(list(waiting)[: self.workers]))
                self.progress.advance(1 - len(waiting) / len(tasks))

    def make_at(self, stage: Stage, folder: Path, overwrite: bool = False) -> Artifact:
        """Make the stage's result in a folder of the user's choice; do nothing if it is there already.

        Raises:
            ConfigError: The folder holds something else and `overwrite` is false.
            ArtifactError: The folder holds this result, altered or with a file that does not belong to it, and `overwrite` is false.
        """
        key = stage.key()
        with self.measured(stage.kind, stage.name, stage.gpus()) as reused:
            reused[0] = _holds(folder, key, overwrite)
            if not reused[0]:
                check_free(folder, overwrite)
                with atomic_folder(folder) as temporary:
                    stage.fill(temporary, self.store, self.progress.advance)
                    seal(temporary, stage.kind, key)
        return open_artifact(without_link(folder))


def _holds(folder: Path, key: str, overwrite: bool) -> bool:
    try:
        return open_artifact(folder).key == key
    except ArtifactError:
        if not overwrite and _seems(folder, key):
            raise
        return False


def _seems(folder: Path, key: str) -> bool:
    try:
        return read_manifest(folder)[1] == key
    except ArtifactError:
        return False
