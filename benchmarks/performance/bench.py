"""What every benchmark is given: where things are, how often, how large."""

import os
from dataclasses import dataclass
from pathlib import Path

CORES = 2


class Missing(Exception):
    """Something that a benchmark needs is not there: a larger data file, a peer's environment."""


@dataclass(frozen=True)
class Bench:
    """Settings of one run.

    Attributes:
        work: Folder for files and trained models; kept, so that `--only predict` need not train again.
        peers: Folder of the peers' environments.
        repeats: Measured repeats of each side, after one warm-up.
        quick: Small sizes, to see that everything works; targets are evaluated all the same.
        data: Folder of `paths.data=`, or `None`.
        base: Commit that the demo is compared with.
    """

    work: Path
    peers: Path
    repeats: int
    quick: bool
    data: Path | None
    base: str

    def size(self, full: int, quick: int) -> int:
        """Return the size to use."""
        return quick if self.quick else full

    def folder(self, name: str) -> Path:
        """Return a folder for a benchmark's files."""
        folder = self.work / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def bound_cores(count: int = CORES) -> list[int]:
    """Keep this process and all that it starts on a few cores; returns them."""
    cores = sorted(os.sched_getaffinity(0))[:count]
    os.sched_setaffinity(0, cores)
    return cores


def bounded_environment(threads: int) -> dict[str, str]:
    """Return environment variables that bound the threads of every numerical library."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, str(threads)), "WANDB_MODE": "disabled", "TOKENIZERS_PARALLELISM": "false"}
