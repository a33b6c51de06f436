"""Worker processes for molecules: as many as there are cores at most, one thread each, stopped at once when no longer wanted."""

import os
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

import joblib
from pebble import ProcessFuture, ProcessPool

from fluid.fresh import fresh_context

__all__ = ["BrokenProcessPool", "bound_threads", "bounded_workers", "schedule", "worker_pool"]


def bounded_workers(workers: int) -> int:
    """Return the number of worker processes asked for, reduced to this process's share of cores with a warning."""
    cores = max(1, int(joblib.cpu_count()))
    if workers > cores:
        warnings.warn(f"workers is {workers}, but {cores} cores can be used here: reduced to {cores}.", stacklevel=2)
    return min(workers, cores)


def bound_threads() -> None:
    """Keep a worker process to one thread, and from dying of a signal by which a batch system warns all processes of a job."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # the parent ends its workers itself; it does so by SIGTERM


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPool]:
    """Yield a pool of fresh single-threaded processes; leaving it early, by an error or Ctrl-C, stops them at once."""
    with ProcessPool(max_workers=workers, initializer=bound_threads, context=fresh_context()) as pool:
        try:
            yield pool
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]  # not annotated by pebble
            raise


def schedule(pool: ProcessPool, task: Callable[..., Any], args: tuple[object, ...], timeout_s: float) -> ProcessFuture[Any]:
    """Give a task to the pool.

    Raises:
        BrokenProcessPool: The pool has no processes and can start none.
    """
    try:
        return pool.schedule(task, args=args, timeout=timeout_s)
    except (RuntimeError, OSError) as error:
        raise BrokenProcessPool(str(error)) from error
