from itertools import product
from math import comb

import numpy as np
import pytest

from fluid.privacy.inversion.multisets import Rule, allowed, explained, multisets, rule_of, rules
from tests.privacy.inversion.conftest import consortium

MIDDLES = np.array([0.15, 0.35, 0.45, 0.75])


@pytest.mark.parametrize("companies", [2, 3, 5, 8])
def test_there_are_as_many_multisets_as_can_be_counted(companies: int) -> None:
    told = multisets(Rule(companies, 4.0), 4)
    assert len(told.counts) == comb(companies - 1 + 3, 3)
    assert set(told.counts.sum(axis=1)) == {companies - 1}


def test_what_follows_from_a_multiset_is_what_follows_from_the_companies_themselves() -> None:
    told = multisets(Rule(4, 2.0), 4)
    for own, *others in product(range(4), repeat=4):
        place = int(np.flatnonzero((told.counts == np.bincount(others, minlength=4)).all(axis=1))[0])
        weight = MIDDLES[[own, *others]] ** 2
        share = weight / weight.sum()
        assert told.own[own, place] == pytest.approx(share[0])
        assert told.top[own, place] == pytest.approx(share[1:].max())
        assert told.support[own, place] == pytest.approx(1 / (share**2).sum())
        assert told.highest[own, place] == max(own, *others)


def test_what_is_not_released_rules_nothing_out() -> None:
    told, bins = multisets(Rule(3, 4.0), 4), np.array([0, 3])
    assert allowed(told, bins, None, None).all()
    assert allowed(told, bins, None, np.array([0.25, 1.0])).sum(axis=1).tolist() == [1, 10]  # all lowest; anything below the partner's own


@pytest.mark.parametrize("companies", [2, 4, 8])
def test_the_rule_is_found_without_being_told(companies: int) -> None:
    seen = consortium(companies, named=False)
    assert seen.released.support is not None
    assert rule_of("similarity", 0, seen.own.bins, 4, seen.released.support[:, 0]) == Rule(companies, 4.0)


def test_a_support_that_no_rule_explains_is_none() -> None:
    bins = np.random.default_rng(0).integers(0, 4, 200)
    support = np.random.default_rng(1).uniform(1, 4, 200)
    assert explained(Rule(4, 4.0), bins, 4, support) < 0.2
    assert rule_of("similarity", 4, bins, 4, support) is None
    assert rule_of("evidence", 4, bins, 4, support) is None


def test_without_a_support_the_likeliest_rule_is_taken_if_the_companies_are_known() -> None:
    bins = np.zeros(5, dtype=int)
    assert rule_of("similarity", 3, bins, 4, None) == Rule(3, 4.0)
    assert rule_of("similarity", 0, bins, 4, None) is None
    assert rule_of("similarity", 3, bins, 3, None) is None  # nobody knows the edges of three bins
    assert list(rules("similarity", 9)) == []
