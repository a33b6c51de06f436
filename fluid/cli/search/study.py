"""An Optuna study in one file, shared by any number of processes: which trial comes next, and what became of each.

FOLDER/study.journal   the study; only appended to
FOLDER/study.lock      held while a process appends or takes a trial; ends with its process, however that dies
FOLDER/.trials/N       held by the process at work on trial N

A *slot* is one point of the search: the first trial at it, and those that tried its settings again after a failure or a dead process.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, cast

import optuna
import pandas as pd
from filelock import FileLock, Timeout
from optuna.distributions import BaseDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, Trial, TrialState

from fluid.artifacts import atomic_file
from fluid.cli.search.search_space import SearchSpec
from fluid.errors import ConfigError
from fluid.evaluation.validation import LOWER_IS_BETTER
from fluid.federation.trial import STEPS
from fluid.seeding import derive_seed

JOURNAL, LOCK, TRIALS, TABLE = "study.journal", "study.lock", ".trials", "trials.csv"
SLOT, OF = "slot", "of"
DIED = "its process died"


class KernelLock:
    """Lets Optuna lock its journal by a lock that the kernel takes from a dead process."""

    def __init__(self, lock: FileLock) -> None:
        self.lock = lock

    def acquire(self) -> bool:
        """Wait for the lock."""
        self.lock.acquire()
        return True

    def release(self) -> None:
        """Give the lock back."""
        self.lock.release()


def mend(journal: Path) -> None:
    """Cut off a last line that was not written to its end."""
    if journal.is_file() and (written := journal.read_bytes()) and not written.endswith(b"\n"):
        with journal.open("r+b") as stream:
            stream.truncate(written.rfind(b"\n") + 1)


@dataclass(frozen=True, slots=True)
class Search:
    """A study at work.

    Attributes:
        folder: Where it lies.
        spec: What is searched.
        space: The search space.
        study: Optuna's study.
        lock: Held by whoever changes the study.
    """

    folder: Path
    spec: SearchSpec
    space: Mapping[str, BaseDistribution]
    study: optuna.Study
    lock: FileLock

    def trials(self) -> list[FrozenTrial]:
        """Return all trials, oldest first."""
        return self.study.get_trials(deepcopy=False)

    def slots(self) -> dict[int, FrozenTrial]:
        """Return the latest trial of each slot."""
        fresh = count()
        return {trial.user_attrs[SLOT] if SLOT in trial.user_attrs else next(fresh): trial for trial in self.trials()}

    def take_up(self) -> None:
        """Queue the settings of trials whose process died, and of those that failed, to be tried again."""
        with self.lock:
            for trial in self.trials():
                if trial.state == TrialState.RUNNING and not self.at_work(trial.number):
                    self.study.tell(trial.number, state=TrialState.FAIL)
            for slot, trial in self.slots().items():
                if trial.state == TrialState.FAIL:
                    self.study.enqueue_trial(trial.params, user_attrs={SLOT: slot})

    def claim(self) -> Trial | None:
        """Take the next trial for this process; `None` when all are taken.

        The sampler is seeded by the slot: a search that was interrupted goes on as if it had not been.
        """
        with self.lock:
            slots = self.slots()
            waiting = any(trial.state == TrialState.WAITING for trial in slots.values())
            if not waiting and len(slots) >= self.spec.n_trials:
                return None
            seed = derive_seed(self.spec.seed, "hyper-parameter search", len(slots)) % 2**32
            self.study.sampler = optuna.samplers.TPESampler(seed=seed)
            return self.study.ask(dict(self.space))

    def trial_lock(self, number: int) -> FileLock:
        """Return the lock of a trial."""
        (self.folder / TRIALS).mkdir(exist_ok=True)
        return FileLock(self.folder / TRIALS / str(number))

    def at_work(self, number: int) -> bool:
        """Return whether a process is at work on a trial."""
        lock = self.trial_lock(number)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return True
        lock.release()
        return False

    @contextmanager
    def next_trial(self) -> Iterator[Trial | None]:
        """Take the next trial and hold it while this process is at work on it."""
        with self.lock:
            trial = self.claim()
            held = self.trial_lock(trial.number) if trial else None
            if held:
                held.acquire()
        try:
            yield trial
        finally:
            if held:
                held.release()

    def best(self) -> FrozenTrial | None:
        """Return the finished trial with the best score, the earliest of equals."""
        sign = -1 if self.spec.metric in LOWER_IS_BETTER else 1
        done = [trial for trial in self.trials() if trial.state == TrialState.COMPLETE]
        return max(done, key=lambda trial: (sign * (trial.value or 0.0), -trial.number), default=None)

    def failed(self) -> list[FrozenTrial]:
        """Return the trials that failed and were not tried again since."""
        return [trial for trial in self.slots().values() if trial.state == TrialState.FAIL]

    def write_table(self) -> Path:
        """Write all trials as a table: settings, scores so far, what became of them, where they lie."""
        rows = [row(trial, self.spec.metric) for trial in self.trials()]
        with atomic_file(self.folder / TABLE) as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False)
        return self.folder / TABLE


def row(trial: FrozenTrial, metric: str) -> dict[str, Any]:
    """Return a trial as a row of the table; scores are of validation molecules."""
    seen = {f"{step}_{metric}": trial.intermediate_values.get(number) for number, step in enumerate(STEPS)}
    seconds = trial.duration.total_seconds() if trial.duration else None
    folder, command = (trial.user_attrs.get(name, "") for name in ("folder", "command"))
    about = {"seconds": seconds, "folder": folder, "error": error_of(trial), "command": command}
    return {"trial": trial.number, "state": trial.state.name.lower(), **trial.params, **seen, **about}


def error_of(trial: FrozenTrial) -> str:
    """Return why a trial failed; one that failed and does not say so had no time to."""
    return str(trial.user_attrs.get("error", DIED if trial.state == TrialState.FAIL else ""))


def open_search(folder: Path, spec: SearchSpec, space: Mapping[str, BaseDistribution], identity: Mapping[str, Any]) -> Search:
    """Open the study in a folder, or begin it.

    Args:
        folder: The search's folder; made here.
        spec: What is searched.
        space: The search space.
        identity: All that decides the sequence of trials.

    Raises:
        ConfigError: The folder holds another search.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    with lock:
        mend(folder / JOURNAL)
        storage = JournalStorage(JournalFileBackend(str(folder / JOURNAL), lock_obj=cast(Any, KernelLock(lock))))
        pruner = (
            optuna.pruners.MedianPruner(n_startup_trials=spec.startup_trials) if spec.pruner == "median" else optuna.pruners.NopPruner()
        )
        direction = StudyDirection.MINIMIZE if spec.metric in LOWER_IS_BETTER else StudyDirection.MAXIMIZE
        study = optuna.create_study(study_name="search", storage=storage, direction=direction, pruner=pruner, load_if_exists=True)
        check_same(folder, study, json.loads(json.dumps(identity)))
    return Search(folder, spec, space, study, lock)


def check_same(folder: Path, study: optuna.Study, identity: Mapping[str, Any]) -> None:
    """Refuse a study of something else; a new one is given its identity."""
    before = study.user_attrs.get(OF)
    if before is None:
        study.set_user_attr(OF, identity)
    elif before != identity:
        other = ", ".join(sorted(key for key in {*before, *identity} if before.get(key) != identity.get(key)))
        raise ConfigError(
            f"the folder holds another search (it differs in: {other})",
            where=str(folder),
            remedy="Choose another name=, or remove the folder.",
        )
