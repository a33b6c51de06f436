"""Stages carried out side by side in worker processes; their results meet in the store."""

import os
import signal
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures.process import BrokenProcessPool
from types import MappingProxyType
from typing import Any, NamedTuple

from joblib import Parallel, delayed, parallel_config

from fluid.errors import FluidError
from fluid.pipeline.cost import Cost, Meter

Task = Callable[[], object]


class Outcome(NamedTuple):
    """A task that was carried out, and what it cost in its worker process."""

    name: str
    cost: Cost


LEFT_TO_PARENT = (signal.SIGTERM, signal.SIGUSR1)


def leave_signals_to(parent: int) -> None:
    """Ignore, in a worker, what a batch system tells all processes of a job at once: the parent ends its workers itself.

    Otherwise the parent might take the death of its workers for the news.
    """
    if os.getpid() != parent:
        for signum in LEFT_TO_PARENT:
            signal.signal(signum, signal.SIG_IGN)


def measure_task(parent: int, name: str, task: Task, gpus: int = 0) -> Outcome:
    """Carry out one task in a worker."""
    leave_signals_to(parent)
    meter = Meter(gpus)
    task()
    return Outcome(name, meter.cost())


def nothing() -> None:
    """Be the second call, by which the pool learns of the workers that the first one began.

    joblib 1.6.0 wakes its watcher before it begins workers, in place of idle ones that ended: of a call that stays the only one, the death
    of the worker is seen only when another worker ends, idle for 300 s.
    """


def run_side_by_side(tasks: Mapping[str, Task], workers: int, gpus: Mapping[str, int] = MappingProxyType({})) -> Iterator[Outcome]:
    """Yield the outcome of each task as it ends; tasks begin in the given order.

    The workers are fresh processes, used again by later calls. An error of one task, or Ctrl-C, stops the others.

    Args:
        tasks: What to do, by name.
        workers: Processes, at least 2.
        gpus: How many GPUs a task's own child processes use, where they do.

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
            calls = [delayed(measure_task)(os.getpid(), name, task, gpus.get(name, 0)) for name, task in tasks.items()]
            for outcome in Parallel(**options)([*calls, delayed(nothing)()]):
                if outcome is not None:
                    left.remove(outcome.name)
                    yield outcome
    except BrokenProcessPool:  # of the standard library: the parent of the private class that joblib raises (1.6.0)
        held = ", ".join(left[:workers])
        raise FluidError(
            f"a worker process was killed (out of memory?) while it made one of {held}. Lower workers, or batch sizes, and run again."
        ) from None
