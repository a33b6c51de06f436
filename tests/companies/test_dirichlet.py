from itertools import islice

import numpy as np
import pytest

from fluid.companies.dirichlet import cut, dirichlet_draws
from fluid.companies.spec import CompanySpec
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError

TWO = (Endpoint("a"), Endpoint("b"))


def _spec(alpha=0.5, n=4, endpoint=""):
    return CompanySpec(method="dirichlet", n=n, alpha=alpha, endpoint=endpoint)


def _shares(labels, company, n):
    """Share of each company in each class: `(classes, n)`, rows sum to 1."""
    return np.array([np.bincount(company[labels == value], minlength=n) / (labels == value).sum() for value in np.unique(labels)])


def test_large_alpha_spreads_each_class_evenly_and_small_alpha_does_not(make_table):
    table = make_table()
    labels = table.labels[:, 0]
    even, skewed = (_shares(labels, next(dirichlet_draws(table, _spec(alpha), 0)), 4) for alpha in (1e6, 0.1))
    assert even == pytest.approx(np.full((2, 4), 0.25), abs=0.02)
    assert skewed.max() > 0.6


def test_shares_have_the_variance_of_the_dirichlet(make_table):
    table, alpha = make_table(), 2.0
    draws = islice(dirichlet_draws(table, _spec(alpha), 0), 400)
    shares = np.concatenate([_shares(table.labels[:, 0], draw, 4) for draw in draws])
    assert shares.mean() == pytest.approx(0.25)
    assert shares.var() == pytest.approx(0.25 * 0.75 / (4 * alpha + 1), rel=0.15)


def test_unlabelled_molecules_are_shared_out_too(make_table):
    labels = np.full((400, 1), np.nan)
    labels[:100, 0] = np.arange(100) % 2
    company = next(dirichlet_draws(make_table(labels=labels), _spec(1e6), 0))
    assert np.bincount(company[100:]) == pytest.approx(np.full(4, 75), abs=2)


def test_the_named_endpoint_is_skewed(make_table):
    labels = np.stack([np.arange(400) % 2, np.arange(400) // 200], axis=1)
    table = make_table(labels=labels, endpoints=TWO)
    first, named = (next(dirichlet_draws(table, _spec(0.1, endpoint=name), 0)) for name in ("a", "b"))
    assert np.array_equal(first, next(dirichlet_draws(table, _spec(0.1), 0)))
    assert np.ptp(_shares(labels[:, 1], named, 4), axis=0).max() > 2 * np.ptp(_shares(labels[:, 1], first, 4), axis=0).max()


def test_regression_labels_are_skewed_by_quantile(make_table):
    labels = np.random.default_rng(0).normal(size=(400, 1))
    table = make_table(labels=labels, endpoints=(Endpoint("logbb", kind="regression"),))

    def spread(alpha):
        company = next(dirichlet_draws(table, _spec(alpha), 0))
        return np.ptp([labels[company == i, 0].mean() for i in range(4) if (company == i).any()])

    assert spread(0.2) > 3 * spread(1e6)


def test_no_labels_or_an_unknown_endpoint_are_refused(make_table):
    with pytest.raises(ConfigError, match="skews labels, but the table has none"):
        next(dirichlet_draws(make_table(labels=np.empty((400, 0)), endpoints=()), _spec(), 0))
    with pytest.raises(ConfigError, match=r"companies\.endpoint 'c' is not in the table; expected one of a, b"):
        next(dirichlet_draws(make_table(endpoints=TWO), _spec(endpoint="c"), 0))


@pytest.mark.parametrize(("size", "shares"), [(10, [0.5, 0.3, 0.2]), (7, [0.0, 1.0, 0.0]), (0, [0.5, 0.5]), (5, [1.0])])
def test_cut_lengths_follow_the_shares(size, shares):
    assert np.bincount(cut(size, np.array(shares)), minlength=len(shares)).tolist() == [round(size * share) for share in shares]


def test_cut_is_within_one_place_of_exact():
    shares = np.random.default_rng(0).dirichlet(np.ones(9))
    lengths = np.bincount(cut(1000, shares), minlength=9)
    assert lengths.sum() == 1000
    assert np.abs(lengths - 1000 * shares).max() <= 1
