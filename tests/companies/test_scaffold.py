from itertools import islice

import numpy as np
import pytest

from fluid.companies.scaffold import balanced_groups, scaffold_draws
from fluid.companies.spec import CompanySpec
from fluid.molecules.scaffold import murcko_scaffold


def test_no_scaffold_is_in_two_companies(make_table):
    table = make_table()
    owners = {}
    for smiles, company in zip(table.smiles, next(scaffold_draws(table, CompanySpec(method="scaffold", n=3, smoothing=0), 0)), strict=True):
        owners.setdefault(murcko_scaffold(smiles), set()).add(company)
    assert len(owners) >= 4
    assert all(len(companies) == 1 for companies in owners.values())


def test_smoothing_moves_its_share(make_table):
    plain, smoothed = (next(scaffold_draws(make_table(), CompanySpec(method="scaffold", n=3, smoothing=s), 1)) for s in (0, 0.1))
    assert (plain != smoothed).sum() == 40


def test_largest_groups_go_first_to_the_smallest_company():
    sizes = np.array([1, 10, 4, 6, 3])  # 10 -> 0, 6 -> 1, 4 -> 1, 3 -> 0 (tie 10/10), 1 -> 1
    assert balanced_groups(sizes, 2, np.random.default_rng(0)).tolist() == [1, 0, 1, 1, 0]


@pytest.mark.parametrize("seed", range(5))
def test_sizes_differ_by_no_more_than_the_largest_group(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 40, 200)
    totals = np.bincount(balanced_groups(sizes, 7, rng), weights=sizes, minlength=7)
    assert totals.sum() == sizes.sum()
    assert totals.max() - totals.min() <= sizes.max()


def test_draws_differ_in_the_order_of_equal_groups():
    sizes = np.ones(30, dtype=np.int64)
    one, other = (balanced_groups(sizes, 3, np.random.default_rng(seed)) for seed in (0, 1))
    assert np.bincount(one).tolist() == np.bincount(other).tolist() == [10, 10, 10]
    assert (one != other).any()


def test_draws_are_reproducible(make_table):
    one, other = (list(islice(scaffold_draws(make_table(), CompanySpec(method="scaffold", n=3), 5), 3)) for _ in range(2))
    assert np.array_equal(one, other)
