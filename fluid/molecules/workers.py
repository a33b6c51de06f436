"""Standardise many molecules in worker processes: in order, in bounded memory, with a time-out for each."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from typing import NamedTuple, TypeVar

import numpy as np
from pebble import ProcessExpired, ProcessFuture, ProcessPool
from rdkit import Chem

from fluid.molecules.fingerprints import morgan_bits_of
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import PackedGraphs
from fluid.molecules.standardize import MoleculeRejected, Standardized, StandardizeSpec, reparse, standardize, standardize_molecule

Result = Standardized | MoleculeRejected
One = Callable[[str, StandardizeSpec], Standardized]
Done = TypeVar("Done")
Task = Callable[[list[str]], "Prepared"]
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
    """Return graphs and packed fingerprints of SMILES that the standardiser made."""
    mols = [reparse(text) for text in smiles]
    return PackedGraphs.from_mols(mols), morgan_bits_of(mols)


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


class Prepared(NamedTuple):
    """Consecutive rows, prepared: what became of each, and the good ones with graphs and fingerprints."""

    results: list[Result]
    molecules: MoleculeSet


def prepare_chunk(spec: StandardizeSpec, with_key: bool, chunk: list[str]) -> Prepared:
    """Standardise and featurise a chunk inside a worker; every molecule is parsed once or twice in all."""
    results: list[Result] = []
    mols: list[Chem.Mol] = []
    for smiles in chunk:
        try:
            molecule, mol = standardize_molecule(smiles, spec, with_key)
            mols.append(mol)
            results.append(molecule)
        except MoleculeRejected as rejected:
            results.append(rejected)
    return _prepared(results, mols)


def _prepared(results: list[Result], mols: Sequence[Chem.Mol]) -> Prepared:
    good = [result for result in results if isinstance(result, Standardized)]
    return Prepared(results, MoleculeSet.from_mols([m.smiles for m in good], [m.key for m in good], mols))


def _rescued(results: Iterable[Result]) -> Prepared:
    """Featurise what is left of a chunk that failed in a worker."""
    kept = list(results)
    return _prepared(kept, [reparse(result.smiles) for result in kept if isinstance(result, Standardized)])


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
        smiles: Any number of SMILES; read lazily, at most a few chunks ahead.
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
    yield from _in_pool(smiles, spec, workers, chunk, task, _rescued, partial(standardize, with_key=with_keys))


def _in_pool(
    smiles: Iterable[str],
    spec: StandardizeSpec,
    workers: int,
    size: int,
    task: Callable[[list[str]], Done],
    rescue: Callable[[Iterable[Result]], Done],
    one: One,
) -> Iterator[Done]:
    """Carry out a task on chunks in worker processes, a few ahead; a chunk that fails is done molecule by molecule."""
    pending: deque[tuple[list[str], ProcessFuture]] = deque()
    chunks = _chunks(smiles, size)
    with worker_pool(workers) as pool:
        while True:
            while len(pending) < 2 * workers and (chunk := next(chunks, None)) is not None:
                timeout = START_UP_S + spec.timeout_s + SECONDS_PER_MOLECULE * len(chunk)
                pending.append((chunk, pool.schedule(task, args=(chunk,), timeout=timeout)))
            if not pending:
                return
            chunk, future = pending.popleft()
            try:
                yield future.result()
            except (FutureTimeoutError, ProcessExpired):
                yield rescue(_one_by_one(pool, one, spec, chunk))
