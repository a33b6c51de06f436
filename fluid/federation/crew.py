"""Stages carried out side by side in worker processes; their results meet in the store."""

import os
import signal
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError

from fluid.errors import FluidError

Outcome = tuple[str, float, float]


LEFT_TO_PARENT = (signal.SIGTERM, signal.SIGUSR1)


def leave_signals_to(parent: int) -> None:
    """Ignore, in a worker, what a batch system tells all processes of a job at once: the parent ends its workers itself.

    Otherwise the parent might take the death of its workers for the news.
    """
    if os.getpid() != parent:
        for signum in LEFT_TO_PARENT:
            signal.signal(signum, signal.SIG_IGN)


def timed(parent: int, name: str, task: Callable[[], float]) -> Outcome:
    """Carry out one task in a worker; return its name, its seconds, and what it returns: the worker's peak memory in MB."""
    leave_signals_to(parent)
    began = time.perf_counter()
    peak = task()
    return name, time.perf_counter() - began, peak


def side_by_side(tasks: Mapping[str, Callable[[], float]], workers: int) -> Iterator[Outcome]:
    """Yield the outcome of each task as it ends; tasks begin in the given order.

    The workers are fresh processes, used again by later calls. An error of one task, or Ctrl-C, stops the others.

    Args:
        tasks: What to do, by name; each returns the peak memory of its process in MB.
        workers: Processes, at least 2.

    Raises:
        FluidError: A worker was killed; names what it may have held.
    """
    options: dict[str, Any] = {"batch_size": 1, "pre_dispatch": workers + 1, "return_as": "generator_unordered"}
    left = list(tasks)
    if not left:
        return
    try:
        with parallel_config("loky", n_jobs=max(2, workers), inner_max_num_threads=1), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="A worker stopped while some jobs were given")  # idle or grown: a new one came
            for outcome in Parallel(**options)(delayed(timed)(os.getpid(), name, task) for name, task in tasks.items()):
                left.remove(outcome[0])
                yield outcome
    except TerminatedWorkerError:
        held = ", ".join(left[:workers])
        raise FluidError(
            f"a worker process was killed (out of memory?) while it made one of {held}. Lower workers, or batch sizes, and run again."
        ) from None
