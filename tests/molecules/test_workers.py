import os
import time

import pytest

from fluid.molecules.standardize import MoleculeRejected, Standardized, StandardizeSpec, standardize
from fluid.molecules.workers import standardize_many

SPEC = StandardizeSpec(timeout_s=1.0)
SMILES = [f"{'C' * (i % 17 + 1)}O{'C' * (i % 5)}" for i in range(300)]


def hang_or_crash(smiles: str, spec: StandardizeSpec) -> Standardized:
    """Stand for RDKit meeting a molecule on which it does not return, or dies."""
    if smiles == "hang":
        time.sleep(3600)
    if smiles == "crash":
        os._exit(7)
    return standardize(smiles, spec)


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
