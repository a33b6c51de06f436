"""Worker processes for whole runs: the one place that uses the copy of loky inside joblib.

Private, as it is in joblib 1.6: `joblib.externals.loky.ProcessPoolExecutor`. The standard library's pool can neither stop its workers at
once, nor run a function of a script; a worker that was killed is the standard library's `BrokenProcessPool` in both.
"""

from collections.abc import Callable, Iterable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor

__all__ = ["BrokenProcessPool", "run_in_workers"]


def run_in_workers(function: Callable[[Any], Any], items: Iterable[Any], workers: int) -> None:
    """Call a function with each item in worker processes. An interruption, here or of a call, stops them all.

    Raises:
        BrokenProcessPool: A worker was killed, and with it the others were stopped.
    """
    executor = ProcessPoolExecutor(workers)
    try:
        for future in [executor.submit(function, item) for item in items]:
            future.result()
    except BaseException:
        executor.shutdown(kill_workers=True)
        raise
    executor.shutdown()
