"""Where the runs of a sweep are carried out: one after the other here, side by side here, or as jobs of a batch system.

A launcher returns when every run has ended, however it ended. What became of each is read from the run folders, not from the launcher: a
process that was killed can no longer report, but its folder tells.
"""

import multiprocessing
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from fluid.cli.build import build
from fluid.cli.signals import heed_signals
from fluid.cli.sweeps.job import Settings, carry_out
from fluid.cli.sweeps.slurm import SlurmSpec
from fluid.cli.sweeps.worker_pool import BrokenProcessPool, run_in_workers
from fluid.errors import ConfigError
from fluid.molecules.pool import bounded_workers
from fluid.registry import nearest_word
from fluid.runs.record import RECORD

Jobs = Mapping[Path, Settings]


class Launcher(Protocol):
    """What carries out the runs of a sweep."""

    def check(self) -> None:
        """Raise `ConfigError` if this machine lacks what the launcher needs."""

    def launch(self, jobs: Jobs, folder: Path) -> None:
        """Carry out all runs.

        Args:
            jobs: Settings of each run, by its folder.
            folder: The sweep's folder.
        """


@dataclass(frozen=True, slots=True)
class BasicSpec:
    """One run after the other, in this process."""

    def check(self) -> None:
        """Need nothing."""

    def launch(self, jobs: Jobs, folder: Path) -> None:
        """Carry out all runs."""
        for settings in jobs.values():
            carry_out(settings)


def carry_out_in_worker(settings: Sequence[str]) -> bool:
    """Carry out one run in a worker process, which heeds signals, and starts processes of its own, as any run does."""
    multiprocessing.set_start_method("spawn", force=True)  # a worker's own is loky's, which others do not know
    heed_signals()
    return carry_out(settings)


@dataclass(frozen=True, slots=True)
class JoblibSpec:
    """Several runs side by side, in processes of this machine.

    Attributes:
        n_jobs: How many at once; no more than there are cores.
    """

    n_jobs: int = 2

    def __post_init__(self) -> None:
        """Check the number.

        Raises:
            ConfigError: The number of jobs is below 1.
        """
        if self.n_jobs < 1:
            raise ConfigError(f"launcher.n_jobs is {self.n_jobs}", expected="at least 1")

    def check(self) -> None:
        """Need nothing."""

    def launch(self, jobs: Jobs, folder: Path) -> None:
        """Carry out all runs; if a worker is killed, those at work with it are lost, and the others go on with new workers."""
        left = dict(jobs)
        while left:
            try:
                run_in_workers(carry_out_in_worker, list(left.values()), bounded_workers(self.n_jobs))
                return
            except BrokenProcessPool:
                begun = [run for run in left if (run / RECORD).is_file()]
                print(f"fluid: error: a worker process was killed; {len(left) - len(begun)} runs go on without it", file=sys.stderr)
                left = {run: settings for run, settings in left.items() if run not in begun} if begun else {}


LAUNCHERS: Mapping[str, type[BasicSpec | JoblibSpec | SlurmSpec]] = {"basic": BasicSpec, "joblib": JoblibSpec, "slurm": SlurmSpec}


def launcher_of(values: Mapping[str, Any]) -> Launcher:
    """Build the launcher that the settings name.

    Raises:
        ConfigError: A setting is wrong, or what it needs is not installed.
    """
    kind = str(values.get("kind"))
    if kind not in LAUNCHERS:
        raise ConfigError(f"launcher.kind is {kind!r}", remedy=nearest_word(kind, list(LAUNCHERS)))
    launcher: Launcher = build(LAUNCHERS[kind], {key: value for key, value in values.items() if key != "kind"}, "launcher")
    launcher.check()
    return launcher
