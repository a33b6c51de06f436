from dataclasses import replace
from itertools import islice, repeat

import numpy as np
import pytest

from fluid.companies import split
from fluid.companies.spec import METHODS, CompanySpec
from fluid.companies.split import company_name, split_companies
from fluid.data.endpoints import Endpoint
from fluid.errors import InputError, QuorumError

SPEC = CompanySpec(n=3, min_size=20, min_per_class=5, alpha=5.0)


def _as_sets(table, company):
    return [{table.keys[row] for row in np.flatnonzero(company == index)} for index in range(company.max() + 1)]


def _sizes(company):
    return np.bincount(company, minlength=SPEC.n)


@pytest.mark.parametrize("method", METHODS)
def test_every_company_is_filled_and_sizes_descend(make_table, method):
    company = split_companies(make_table(), replace(SPEC, method=method), 0)
    sizes = np.bincount(company)
    assert company.dtype == np.int64
    assert company.shape == (400,)
    assert len(sizes) == 3
    assert (np.diff(sizes) <= 0).all()
    assert sizes.min() >= 20


@pytest.mark.parametrize("method", METHODS)
def test_same_seed_same_split_other_seed_other_split(make_table, method):
    spec = replace(SPEC, method=method)
    assert np.array_equal(split_companies(make_table(), spec, 0), split_companies(make_table(), spec, 0))
    assert not np.array_equal(split_companies(make_table(), spec, 0), split_companies(make_table(), spec, 1))


@pytest.mark.parametrize("method", METHODS)
def test_row_order_does_not_matter(make_table, method):
    table, spec = make_table(), replace(SPEC, method=method)
    shuffled = table.take(np.random.default_rng(2).permutation(400))
    assert _as_sets(shuffled, split_companies(shuffled, spec, 0)) == _as_sets(table, split_companies(table, spec, 0))


@pytest.mark.parametrize("method", ["kmeans", "scaffold", "size", "series"])
def test_unlabelled_pools_can_be_split(make_table, method):
    table = make_table(labels=np.empty((400, 0)), endpoints=())
    assert len(np.bincount(split_companies(table, replace(SPEC, method=method), 0))) == 3


@pytest.mark.parametrize("method", METHODS)
def test_one_company_owns_everything(make_table, method):
    assert not split_companies(make_table(), replace(SPEC, method=method, n=1), 0).any()


def test_company_names_are_those_of_their_teachers():
    assert [company_name(i) for i in (0, 7)] == ["T1", "T8"]


def test_a_pool_that_is_too_small_is_refused(make_table):
    with pytest.raises(
        InputError, match=r"400 molecules cannot make 8 companies of 51 or more\. Lower companies\.n or companies\.min_size"
    ):
        split_companies(make_table(), CompanySpec(min_size=51), 0)
    with pytest.raises(InputError, match="0 molecules cannot make"):
        split_companies(make_table(0), SPEC, 0)


def test_a_company_too_small_is_named_with_the_setting(make_table):
    with pytest.raises(
        QuorumError, match=r"split 'size' leaves company T3 with 73 molecules, fewer than companies\.min_size=100\. Lower companies\.n"
    ):
        split_companies(make_table(), replace(SPEC, method="size", min_size=100), 0)


def test_too_few_labels_of_a_class_are_named_with_counts_and_setting(make_table):
    labels = np.zeros((400, 1))
    labels[:4] = 1
    message = r"company T\d with \d active and \d+ inactive labels of 'herg', fewer than 5 \(companies\.min_per_class=5\)\. Lower"
    with pytest.raises(QuorumError, match=message):
        split_companies(make_table(labels=labels), replace(SPEC, method="size"), 0)
    accepted = split_companies(make_table(labels=labels), replace(SPEC, method="size", min_per_class=0), 0)
    assert len(np.bincount(accepted)) == 3


def test_too_few_measured_values_are_named(make_table):
    labels = np.full((400, 1), np.nan)
    labels[:20, 0] = np.arange(20)
    table = make_table(labels=labels, endpoints=(Endpoint("logbb", kind="regression"),))
    with pytest.raises(QuorumError, match=r"\d+ values of 'logbb', fewer than 10 \(companies\.min_per_class=5\)"):
        split_companies(table, replace(SPEC, method="size"), 0)


def test_a_draw_that_starves_a_company_is_replaced_by_the_next(make_table, monkeypatch):
    starved, good = np.zeros(400, dtype=np.int64), np.arange(400) % 3
    monkeypatch.setitem(split.DRAWS, "size", lambda table, spec, seed: iter([starved, starved, good]))
    assert np.bincount(split_companies(make_table(), replace(SPEC, method="size"), 0)).tolist() == [134, 133, 133]


def test_the_number_of_draws_is_bounded(make_table, monkeypatch):
    monkeypatch.setitem(split.DRAWS, "size", lambda table, spec, seed: repeat(np.zeros(400, dtype=np.int64)))
    with pytest.raises(QuorumError, match="company T3 with 0 molecules"):
        split_companies(make_table(), replace(SPEC, method="size"), 0)


def test_series_are_dealt_anew_until_everybody_has_enough_and_a_shortage_names_its_settings(make_table):
    spec = replace(SPEC, method="series", series=12, smoothing=0.0, size_exponent=0.0, min_size=115)
    assert any(_sizes(draw).min() < 115 for draw in islice(split.DRAWS["series"](make_table(), spec, 0), 5))
    assert _sizes(split_companies(make_table(), spec, 0)).min() >= 115
    remedy = r"Lower companies\.n, raise companies\.series, lower companies\.size_exponent, lower companies\.min_size, or"
    with pytest.raises(QuorumError, match=rf"split 'series' leaves company T3 with \d+ molecules, fewer than .*min_size=133\. {remedy}"):
        split_companies(make_table(), replace(spec, series=3, min_size=133), 0)


def test_strong_label_skew_still_finds_enough_labels_for_everyone(make_table):
    spec = CompanySpec(method="dirichlet", n=4, alpha=0.5, min_size=20, min_per_class=5)
    table = make_table()
    company = split_companies(table, spec, 0)
    for index in range(4):
        positives = table.labels[company == index, 0]
        assert min(positives.sum(), len(positives) - positives.sum()) >= 5


def test_companies_that_may_leave_out_are_not_refused_and_others_get_the_same_split(make_table):
    labels = np.column_stack([np.random.default_rng(0).random(400) < 0.4, np.repeat([1.0, np.nan], [4, 396])])
    rare = make_table(labels=labels, endpoints=(Endpoint("herg"), Endpoint("rare")))
    spec = replace(SPEC, method="size")
    with pytest.raises(QuorumError, match="labels of 'rare', fewer than 5"):
        split_companies(rare, spec, 0)
    company = split_companies(rare, spec, 0, leave_out=True)
    common = make_table(labels=labels[:, :1])
    assert np.array_equal(company, split_companies(common, spec, 0))
    assert np.array_equal(split_companies(common, spec, 0, leave_out=True), split_companies(common, spec, 0))
    poor = make_table(labels=np.where(labels == 1, np.nan, labels), endpoints=rare.endpoints)
    with pytest.raises(
        QuorumError, match="0 active and .* 'herg', fewer than 5 .*; 0 active and 0 inactive labels of 'rare', fewer than 5"
    ):
        split_companies(poor, spec, 0, leave_out=True)
