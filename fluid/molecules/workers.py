"""Standardise many molecules in worker processes: in order, in bounded memory, with a time-out for each."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from functools import partial
from itertools import islice

import numpy as np
from pebble import ProcessExpired, ProcessPool

from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.packed import PackedGraphs
from fluid.molecules.standardize import MoleculeRejected, Standardized, StandardizeSpec, standardize

Result = Standardized | MoleculeRejected
One = Callable[[str, StandardizeSpec], Standardized]
START_UP_S = 20.0
SECONDS_PER_MOLECULE = 0.05


def bound_threads() -> None:
    """Keep a worker process to one thread."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"


@contextmanager
def worker_pool(workers: int) -> Iterator[ProcessPool]:
    """Yield a pool of fresh single-threaded processes; leaving it early, by an error or Ctrl-C, stops them at once."""
    context = multiprocessing.get_context("forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn")
    with ProcessPool(max_workers=workers, initializer=bound_threads, context=context) as pool:
        try:
            yield pool
        except BaseException:
            pool.stop()
            raise


def featurize_part(smiles: Sequence[str]) -> tuple[PackedGraphs, np.ndarray]:
    """Return graphs and packed fingerprints of standardised SMILES."""
    return PackedGraphs.from_smiles(smiles), morgan_bits(smiles)


def featurize_stream(smiles: Sequence[str], workers: int, chunk: int = 1024) -> Iterator[tuple[PackedGraphs, np.ndarray]]:
    """Yield graphs and fingerprints of standardised SMILES chunk by chunk, in order; few molecules are featurised in this process."""
    parts = (smiles[start : start + chunk] for start in range(0, len(smiles), chunk))
    if workers <= 1 or len(smiles) <= 2 * chunk:
        yield from map(featurize_part, parts)
        return
    with worker_pool(workers) as pool:
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
        future = pool.schedule(attempt, args=(one, spec, smiles), timeout=spec.timeout_s)
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
        smiles: Any number of SMILES; read lazily, at most a few chunks ahead.
        spec: Policy, with the time-out per molecule.
        workers: Worker processes; 0 works in this process, without time-out.
        chunk: Molecules per task.
        _standardize: What is done to each; for tests.
    """
    if workers == 0:
        yield from map(partial(attempt, _standardize, spec), smiles)
        return
    with worker_pool(workers) as pool:
        yield from _in_pool(pool, smiles, spec, workers, chunk, _standardize)


def _in_pool(pool: ProcessPool, smiles: Iterable[str], spec: StandardizeSpec, workers: int, size: int, one: One) -> Iterator[Result]:
    pending: deque[tuple[list[str], object]] = deque()
    chunks = _chunks(smiles, size)
    while True:
        while len(pending) < 2 * workers and (chunk := next(chunks, None)) is not None:
            timeout = START_UP_S + spec.timeout_s + SECONDS_PER_MOLECULE * len(chunk)
            pending.append((chunk, pool.schedule(attempt_chunk, args=(one, spec, chunk), timeout=timeout)))
        if not pending:
            return
        chunk, future = pending.popleft()
        try:
            yield from future.result()  # type: ignore[attr-defined]
        except (FutureTimeoutError, ProcessExpired):
            yield from _one_by_one(pool, one, spec, chunk)
