"""CPU threads of tensor operations, and of what is done to many things at once."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import joblib
import torch

Spread = Callable[..., Iterable[Any]]
"""Applies a function to each of some things, as `map` does, and yields the results in order."""


def bounded_threads(count: int) -> int:
    """Return the number of threads asked for, reduced to the cores that can be used here with a warning."""
    cores = max(1, int(joblib.cpu_count()))
    if count > cores:
        warnings.warn(f"{count} threads were asked for, but {cores} cores can be used here: reduced to {cores}.", stacklevel=2)
    return min(count, cores)


def threads_beside(workers: int) -> int:
    """Return the tensor threads that leave each of `workers` busy processes a core: more of them only wait for one another."""
    return max(1, int(joblib.cpu_count()) - workers)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Bound torch's threads for a block and restore them."""
    before = torch.get_num_threads()
    torch.set_num_threads(bounded_threads(count))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def spread_over(count: int) -> Iterator[Spread]:
    """Yield a `map` over `count` threads, in each of which tensor operations take one thread.

    Two such threads take less time than one whose operations have two: networks are small, and so are their operations.
    """
    with threads(1), ThreadPoolExecutor(bounded_threads(count)) as pool:
        yield pool.map
