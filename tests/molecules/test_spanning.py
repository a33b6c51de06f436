import itertools

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.molecules import spanning as module
from fluid.molecules.spanning import best_row, spanning, worth_of
from fluid.molecules.substructures import substructure_counts
from tests.conftest import Library


def some_counts(seed: int, size: int = 60, columns: int = 25) -> csr_matrix:
    """Return random counts in which some substructures are common and others rare."""
    rng = np.random.default_rng(seed)
    return csr_matrix(rng.integers(1, 4, (size, columns)) * (rng.random((size, columns)) < np.linspace(0.02, 0.7, columns)))


def by_trying_all(counts: csr_matrix, n: int) -> list[int]:
    """Choose as `spanning` should: each time the molecule with most new substructures, then the one that adds most to the others."""
    held = counts.toarray() > 0
    chosen: list[int] = []
    for _ in range(n):
        times = held[chosen].sum(axis=0)
        worth = worth_of(times, 0.0)
        gains = {row: (int(own[times == 0].sum()), worth[own].sum()) for row, own in enumerate(held) if row not in chosen}
        chosen.append(max(gains, key=lambda row: (*gains[row], -row)))
    return sorted(chosen)


@pytest.mark.parametrize("block", [1, 7, 512])
@pytest.mark.parametrize("seed", range(4))
def test_the_choice_is_that_of_trying_all(seed: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    counts = some_counts(seed)
    for n in (1, 2, 5, 12, 40, 59):
        assert spanning(counts, n).tolist() == by_trying_all(counts, n)


def test_every_substructure_is_held_where_so_many_molecules_suffice(library: Library) -> None:
    counts = substructure_counts(library.smiles, 2, 8192)
    everywhere = counts.getnnz(axis=0) > 0
    drawn = np.random.default_rng(0).permutation(len(library.smiles))[:350]
    assert ((counts[spanning(counts, 350)].getnnz(axis=0) > 0) == everywhere).all()
    assert (counts[drawn].getnnz(axis=0) > 0).sum() < 0.9 * everywhere.sum()


@pytest.mark.parametrize("n", [50, 100, 200])
def test_weights_of_substructures_are_surer_than_from_a_random_draw(n: int, library: Library) -> None:
    counts = substructure_counts(library.smiles, 2, 8192)
    drawn = np.random.default_rng(0).permutation(len(library.smiles))[:n]
    variances = [(1 / (1 + counts[rows].getnnz(axis=0)[counts.getnnz(axis=0) > 0])).mean() for rows in (spanning(counts, n), drawn)]
    assert variances[0] < 0.95 * variances[1]


def test_more_molecules_hold_what_fewer_held() -> None:
    counts = some_counts(0)
    sets = [set(spanning(counts, n).tolist()) for n in range(61)]
    assert all(fewer < more for fewer, more in itertools.pairwise(sets))


def test_of_equals_the_first_is_chosen() -> None:
    counts = csr_matrix([[0, 0], [1, 0], [5, 0], [0, 2], [0, 1]])
    assert spanning(counts, 1).tolist() == [1]
    assert spanning(counts, 2).tolist() == [1, 3]
    assert spanning(counts, 4).tolist() == [1, 2, 3, 4]


def test_one_that_is_new_goes_before_all_that_are_there() -> None:
    counts = csr_matrix([[1, 1, 1, 1, 0], [1, 1, 1, 1, 0], [0, 0, 0, 0, 1]])
    assert spanning(counts, 2).tolist() == [0, 2]


def test_no_more_than_there_are_and_none_at_all() -> None:
    counts = some_counts(0)
    assert spanning(counts, 60).tolist() == spanning(counts, 1000).tolist() == list(range(60))
    assert spanning(counts, 0).shape == (0,)
    assert spanning(csr_matrix((0, 25)), 5).tolist() == spanning(csr_matrix((0, 25)), 0).tolist() == []


def test_molecules_without_substructures_are_chosen_last() -> None:
    counts = csr_matrix([[0, 0], [1, 1], [0, 0], [1, 0]])
    assert spanning(counts, 3).tolist() == [0, 1, 3]
    assert spanning(csr_matrix((4, 3)), 2).tolist() == [0, 1]


def test_worth_falls_with_every_time() -> None:
    worth = worth_of(np.arange(5.0), 10 * module.UNIT)
    assert (worth / module.UNIT).tolist() == pytest.approx([10, 1 / 6, 1 / 12, 1 / 20, 1 / 30])
    assert worth.tolist() == np.rint(worth).tolist()


def test_bounds_are_lowered_to_what_molecules_bring() -> None:
    held = csr_matrix(np.eye(3))
    bounds = np.array([9.0, 8.0, -np.inf])
    assert best_row(held, np.array([1.0, 2.0, 5.0]), bounds) == 1
    assert bounds.tolist() == [1.0, 2.0, -np.inf]
