import os
import time

import numpy as np
import pytest
from pebble import ProcessFuture

from fluid.errors import FluidError
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import MoleculeRejected
from fluid.molecules.pool import BrokenProcessPool, bounded_workers, schedule
from fluid.molecules.standardize import Standardized, StandardizeSpec, standardize
from fluid.molecules.workers import AHEAD, Prepared, prepare_chunk, prepare_many, standardize_many, worker_pool

pytestmark = pytest.mark.long  # fresh processes take seconds to start

SPEC = StandardizeSpec(timeout_s=1.0)
SMILES = [f"{'C' * (i % 17 + 1)}O{'C' * (i % 5)}" for i in range(300)]


def hang_or_crash(smiles: str, spec: StandardizeSpec) -> Standardized:
    """Stand for RDKit meeting a molecule on which it does not return, or dies."""
    if smiles == "hang":
        time.sleep(3600)
    if smiles == "crash":
        os._exit(7)
    return standardize(smiles, spec)


def divide_by_zero(smiles: str, spec: StandardizeSpec) -> Standardized:
    """Stand for a mistake in the code: not the molecule's fault."""
    return Standardized(smiles, str(1 // 0))


@pytest.mark.parametrize(("workers", "chunk"), [(0, 512), (1, 7), (2, 64)])
def test_order_does_not_depend_on_workers_or_chunks(workers: int, chunk: int) -> None:
    results = list(standardize_many(iter([*SMILES, "oops", "C"]), SPEC, workers, chunk))
    assert results[:-2] == [standardize(smiles, SPEC) for smiles in SMILES]
    assert isinstance(results[-2], MoleculeRejected)
    assert results[-1] == standardize("C", SPEC)


def test_nothing_in_nothing_out() -> None:
    assert list(standardize_many([], SPEC, 2)) == []


def test_a_molecule_that_hangs_or_crashes_is_lost_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluid.molecules.workers.START_UP_S", 1.0)
    results = list(standardize_many(["CCO", "hang", "CCN", "crash", "CCC"], SPEC, 1, 8, hang_or_crash))
    assert [r.reason if isinstance(r, MoleculeRejected) else r.smiles for r in results] == [
        "CCO", "timed out after 1 s", "CCN", "crashed the standardiser", "CCC",
    ]  # fmt: skip


def test_with_two_workers_the_others_keep_going_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluid.molecules.workers.START_UP_S", 1.0)
    given = [*SMILES[:5], "hang", *SMILES[5:10], "crash", *SMILES[10:15], "oops", *SMILES[15:40]]
    results = list(standardize_many(given, SPEC, 2, 6, hang_or_crash))
    rejected = {smiles: r.reason for smiles, r in zip(given, results, strict=True) if isinstance(r, MoleculeRejected)}
    assert rejected == {"hang": "timed out after 1 s", "crash": "crashed the standardiser", "oops": "does not parse as SMILES"}
    assert [r for r in results if isinstance(r, Standardized)] == [standardize(smiles, SPEC) for smiles in SMILES[:40]]


def test_workers_follow_the_policy() -> None:
    spec = StandardizeSpec(stereo="remove", parent=False, max_heavy_atoms=5)
    given = ["C[C@H](N)O", "CC.O", "CCCCCC"]
    for workers in (0, 1):
        results = list(standardize_many(given, spec, workers, 2))
        assert results[:2] == [standardize(smiles, spec) for smiles in given[:2]]
        assert isinstance(results[2], MoleculeRejected)
        assert results[2].reason == "more than 5 heavy atoms"


def test_workers_run_one_thread_each() -> None:
    with worker_pool(1) as pool:
        names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        assert [pool.schedule(os.getenv, args=(name,)).result() for name in names] == ["1", "1", "1"]


def test_a_programming_error_in_a_worker_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        list(standardize_many(["C"], SPEC, 1, 8, divide_by_zero))


def test_input_is_read_lazily() -> None:
    read = []

    def source():  # type: ignore[no-untyped-def]
        for smiles in SMILES:
            read.append(smiles)
            yield smiles

    stream = standardize_many(source(), SPEC, 1, 10)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert len(read) <= AHEAD * 10 < len(SMILES)


def test_prepared_rows_are_standardised_and_featurised_in_order() -> None:
    given = [*SMILES, "oops", "C(C)O.Cl", ""] * 7
    for workers, chunk in ((0, 4), (2, 5)):
        chunks = list(prepare_many(given, SPEC, workers, chunk=chunk))
        results = [result for part in chunks for result in part.results]
        expected = list(standardize_many(given, SPEC, 0))
        assert [str(r) for r in results] == [str(r) for r in expected]
        good = [r.smiles for r in expected if isinstance(r, Standardized)]
        molecules = chunks[0].molecules.followed_by([part.molecules for part in chunks[1:]])
        slow = MoleculeSet.from_smiles(good, [""] * len(good))
        assert list(molecules.smiles) == good
        np.testing.assert_array_equal(molecules.bits, slow.bits)
        np.testing.assert_array_equal(molecules.graphs.atoms, slow.graphs.atoms)
        np.testing.assert_array_equal(molecules.graphs.bonds, slow.graphs.bonds)
        np.testing.assert_array_equal(molecules.graphs.edge_offsets, slow.graphs.edge_offsets)


def test_preparing_without_keys_makes_none() -> None:
    (part,) = prepare_many(["CCO"], SPEC, 0, with_keys=False)
    assert part.molecules.keys == ("",)
    assert part.results == [Standardized("CCO", "")]


def crash_on_crash(chunk: list[str]) -> Prepared:
    if "crash" in chunk:
        os._exit(1)
    return prepare_chunk(SPEC, True, chunk)


def test_a_worker_that_dies_costs_only_the_molecules_that_killed_it() -> None:
    (part,) = prepare_many(["CCO", "crash", "CCN"], SPEC, 1, _task=crash_on_crash)
    assert [isinstance(result, Standardized) for result in part.results] == [True, False, True]
    assert part.molecules.smiles == ("CCO", "CCN")


def test_a_chunk_without_a_good_molecule() -> None:
    (part,) = prepare_many(["oops", ""], SPEC, 0)
    assert len(part.molecules) == 0
    assert len(part.results) == 2


def test_more_workers_than_cores_are_reduced_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: 3)
    assert [bounded_workers(n) for n in (0, 1, 3)] == [0, 1, 3]
    with pytest.warns(UserWarning, match=r"^workers is 64, but 3 cores can be used here: reduced to 3\.$"):
        assert bounded_workers(64) == 3
    monkeypatch.setattr("joblib.cpu_count", lambda: 1)
    with pytest.warns(UserWarning, match="reduced to 1"):
        assert len(list(standardize_many(SMILES[:20], SPEC, 2, 5))) == 20


def test_a_pool_that_cannot_go_on_names_the_rows_it_held(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def only_twice(*args: object) -> ProcessFuture:
        calls.append(args)
        if len(calls) > 2:
            raise BrokenProcessPool("no memory")
        return schedule(*args)  # type: ignore[arg-type]

    monkeypatch.setattr("fluid.molecules.workers.schedule", only_twice)
    message = r"cannot be started \(no memory\) while they held rows 1 to 20 \('CO' \.\.\.\)\. Lower workers"
    with pytest.raises(FluidError, match=message):
        list(standardize_many(SMILES, SPEC, 1, 10))


def test_a_pool_that_is_closed_takes_no_task() -> None:
    with worker_pool(1) as pool:
        pool.schedule(int).result()
    with pytest.raises(BrokenProcessPool, match="not active"):
        schedule(pool, int, (), 1.0)
