import os
import time

import pytest

from fluid.molecules.standardize import MoleculeRejected, Standardized, StandardizeSpec, standardize
from fluid.molecules.workers import standardize_many, worker_pool

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
    assert len(read) <= 40
