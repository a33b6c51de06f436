from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from fluid.companies.kmeans import kmeans_draws
from fluid.companies.series import deal, series_draws
from fluid.companies.size import power_law
from fluid.companies.spec import CompanySpec
from fluid.companies.split import split_companies
from fluid.errors import InputError

SPEC = CompanySpec(method="series", n=3, series=24, size_exponent=0.5, smoothing=0, min_size=20, min_per_class=5)


def _series(table, spec, seed=0):
    """Return the series of each molecule: the clusters that `kmeans` makes of as many companies."""
    return next(kmeans_draws(table, CompanySpec(n=spec.series, smoothing=0), seed))


def test_every_series_is_whole_and_companies_have_several(make_table):
    table = make_table()
    cluster, company = _series(table, SPEC), next(series_draws(table, SPEC, 0))
    pairs = np.unique(np.stack([cluster, company]), axis=1)
    assert pairs.shape[1] == 24
    assert np.bincount(pairs[1], minlength=3).min() >= 3


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.5])
def test_shares_are_those_of_the_power_law_up_to_one_series(make_table, exponent):
    table, spec = make_table(), replace(SPEC, size_exponent=exponent)
    largest = np.bincount(_series(table, spec)).max()
    for draw in islice(series_draws(table, spec, 0), 5):
        assert np.abs(np.bincount(draw, minlength=3) - 400 * power_law(3, exponent)).max() <= largest


def test_many_small_series_come_near_to_the_shares(make_table):
    draw = next(series_draws(make_table(), replace(SPEC, series=100), 0))
    assert np.bincount(draw) / 400 == pytest.approx(power_law(3, 0.5), abs=0.05)


def test_smoothing_moves_its_share_of_the_same_deal(make_table):
    plain, smoothed = (next(series_draws(make_table(), replace(SPEC, smoothing=share), 3)) for share in (0, 0.05))
    assert (plain != smoothed).sum() == 20


def test_draws_deal_the_same_series_anew_and_are_reproducible(make_table):
    table = make_table()
    one, other = (list(islice(series_draws(table, SPEC, 0), 3)) for _ in range(2))
    assert np.array_equal(one, other)
    assert adjusted_rand_score(one[0], one[1]) < 0.9
    for draw in one:
        assert np.unique(np.stack([_series(table, SPEC), draw]), axis=1).shape[1] == 24
    assert adjusted_rand_score(one[0], next(series_draws(table, SPEC, 1))) < 0.9


def test_as_many_series_as_companies_give_each_a_cluster(make_table):
    table, spec = make_table(), replace(SPEC, n=4, series=4, size_exponent=0.0, min_size=1, min_per_class=0)
    assert adjusted_rand_score(_series(table, spec), split_companies(table, spec, 0)) == pytest.approx(1)


def test_too_few_different_molecules_are_refused(make_table):
    table = make_table(50)
    table = replace(table, smiles=table.smiles[:1] * 25 + table.smiles[-1:] * 25)
    with pytest.raises(InputError, match=r"2 different fingerprints cannot make 24 clusters\. Lower companies\.series\."):
        next(series_draws(table, SPEC, 0))


@pytest.mark.parametrize("seed", range(5))
def test_no_company_misses_its_share_by_more_than_the_largest_group(seed):
    rng = np.random.default_rng(seed)
    sizes, shares = rng.integers(0, 40, 64), rng.dirichlet(np.ones(7))
    dealt = deal(sizes, shares, rng)
    assert np.abs(np.bincount(dealt, weights=sizes, minlength=7) - sizes.sum() * shares).max() <= sizes.max()


def test_whoever_lacks_most_is_next():
    sizes = np.array([4, 4, 4])  # aimed at 6, 3, 3: company 0 has 4 after the first, then 1 and 2 lack 3 each
    dealt = deal(sizes, np.array([0.5, 0.25, 0.25]), np.random.default_rng(0))
    assert sorted(dealt.tolist()) == [0, 1, 2]
    assert deal(sizes, np.array([1.0]), np.random.default_rng(0)).tolist() == [0, 0, 0]


def test_the_order_of_groups_is_drawn():
    shares = power_law(3, 1.0)
    one, other = (deal(np.arange(1, 31), shares, np.random.default_rng(seed)) for seed in (0, 1))
    assert (one != other).any()
