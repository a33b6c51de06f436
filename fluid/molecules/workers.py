"""Standardise many molecules in worker processes: in order, in bounded memory, with a time-out for each."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from functools import partial
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar

import numpy as np
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from fluid.errors import FluidError
from fluid.molecules.featurize import featurize
from fluid.molecules.packed import PackedGraphs
from fluid.molecules.parse import MoleculeRejected, reparse
from fluid.molecules.pool import BrokenProcessPool, bounded_workers, schedule, worker_pool
from fluid.molecules.prepare import Prepared, Result, featurize_results, prepare_chunk
from fluid.molecules.standardize import Standardized, StandardizeSpec, standardize

__all__ = ["Prepared", "featurize_part", "featurize_stream", "prepare_chunk", "prepare_many", "standardize_many", "worker_pool"]

One = Callable[[str, StandardizeSpec], Standardized]
Done = TypeVar("Done")
Task = Callable[[list[str]], Prepared]
START_UP_S = 20.0
SECONDS_PER_MOLECULE = 0.05
AHEAD = 8  # chunks that a worker has waiting, so that it goes on while the model has the processor


class _Held(NamedTuple):
    """A chunk of rows that a worker has, and the number of its first row."""

    first: int
    chunk: list[str]
    future: ProcessFuture[Any]


def featurize_part(smiles: Sequence[str]) -> tuple[PackedGraphs, np.ndarray]:
    """Return graphs and packed fingerprints of SMILES that the standardiser made."""
    return featurize(map(reparse, smiles))


def featurize_stream(smiles: Sequence[str], workers: int, chunk: int = 1024) -> Iterator[tuple[PackedGraphs, np.ndarray]]:
    """Yield graphs and fingerprints of standardised SMILES chunk by chunk, in order; few molecules are featurised in this process."""
    parts = (smiles[start : start + chunk] for start in range(0, len(smiles), chunk))
    if workers <= 1 or len(smiles) <= 2 * chunk:
        yield from map(featurize_part, parts)
        return
    with worker_pool(workers := bounded_workers(workers)) as pool:
        pending = deque(pool.schedule(featurize_part, args=(part,)) for part in islice(parts, 2 * workers))
        while pending:
            done = pending.popleft().result()
            pending.extend(pool.schedule(featurize_part, args=(part,)) for part in islice(parts, 1))
            yield done


def attempt(one: One, spec: StandardizeSpec, smiles: str) -> Result:
    """Return the standardised molecule, or its rejection as a value."""
    try:
        return one(smiles, spec)
    except MoleculeRejected as rejected:
        return rejected


def attempt_chunk(one: One, spec: StandardizeSpec, chunk: list[str]) -> list[Result]:
    """Standardise a chunk inside a worker."""
    return [attempt(one, spec, smiles) for smiles in chunk]


def _chunks(smiles: Iterable[str], size: int) -> Iterator[list[str]]:
    stream = iter(smiles)
    while chunk := list(islice(stream, size)):
        yield chunk


def _one_by_one(pool: ProcessPool, one: One, spec: StandardizeSpec, chunk: list[str]) -> Iterator[Result]:
    """Standardise the molecules of a failed chunk separately, so that only the guilty ones are lost."""
    for smiles in chunk:
        future = schedule(pool, attempt, (one, spec, smiles), spec.timeout_s)
        try:
            yield future.result()
        except FutureTimeoutError:
            yield MoleculeRejected(f"timed out after {spec.timeout_s:g} s")
        except ProcessExpired:
            yield MoleculeRejected("crashed the standardiser")


def standardize_many(
    smiles: Iterable[str], spec: StandardizeSpec, workers: int, chunk: int = 512, _standardize: One = standardize
) -> Iterator[Result]:
    """Yield the standardised molecule or the rejection of each SMILES, in order.

    Args:
        smiles: Any number of SMILES; read lazily, at most `AHEAD` chunks for each worker ahead.
        spec: Policy, with the time-out per molecule.
        workers: Worker processes; 0 works in this process, without time-out.
        chunk: Molecules per task.
        _standardize: What is done to each; for tests.
    """
    if workers == 0:
        yield from map(partial(attempt, _standardize, spec), smiles)
        return
    task = partial(attempt_chunk, _standardize, spec)
    found: Iterator[list[Result]] = _in_pool(smiles, spec, workers, chunk, task, list, _standardize)
    yield from chain.from_iterable(found)


def prepare_many(
    smiles: Iterable[str],
    spec: StandardizeSpec,
    workers: int,
    with_keys: bool = True,
    chunk: int = 512,
    _task: Task | None = None,
) -> Iterator[Prepared]:
    """Yield the rows of `smiles` chunk by chunk, in order, standardised and featurised by the workers.

    Args:
        smiles: Any number of SMILES; read lazily, at most `AHEAD` chunks for each worker ahead.
        spec: Policy, with the time-out per molecule.
        workers: Worker processes; 0 works in this process, without time-out.
        with_keys: Whether InChIKeys are made; without them keys are empty.
        chunk: Rows per task.
        _task: What is done to each chunk; for tests.
    """
    task = _task or partial(prepare_chunk, spec, with_keys)
    if workers == 0:
        yield from map(task, _chunks(smiles, chunk))
        return
    yield from _in_pool(smiles, spec, workers, chunk, task, featurize_results, partial(standardize, with_key=with_keys))


def _lost(held: Sequence[_Held], error: BrokenProcessPool) -> FluidError:
    """Return what to say when no worker process can be started any more."""
    which = f"rows {held[0].first} to {held[-1].first + len(held[-1].chunk) - 1} ({held[0].chunk[0][:80]!r} ...)" if held else "no rows"
    return FluidError(
        f"worker processes cannot be started ({error}) while they held {which}. Lower workers, or free memory, and run again."
    )


def _in_pool(
    smiles: Iterable[str],
    spec: StandardizeSpec,
    workers: int,
    size: int,
    task: Callable[[list[str]], Done],
    rescue: Callable[[Iterable[Result]], Done],
    one: One,
) -> Iterator[Done]:
    """Carry out a task on chunks in worker processes, `AHEAD` for each; a chunk that fails is done molecule by molecule."""
    workers, held = bounded_workers(workers), deque[_Held]()
    chunks, first = _chunks(smiles, size), 1
    with worker_pool(workers) as pool:
        try:
            while True:
                while len(held) < AHEAD * workers and (chunk := next(chunks, None)) is not None:
                    timeout = START_UP_S + spec.timeout_s + SECONDS_PER_MOLECULE * len(chunk)
                    held.append(_Held(first, chunk, schedule(pool, task, (chunk,), timeout)))
                    first += len(chunk)
                if not held:
                    return
                try:
                    done = held[0].future.result()
                except (FutureTimeoutError, ProcessExpired):
                    done = rescue(_one_by_one(pool, one, spec, held[0].chunk))
                held.popleft()
                yield done
        except BrokenProcessPool as error:
            raise _lost(held, error) from None
