import numpy as np
import pytest

from fluid.privacy.inversion.answers import Between, Range, by_bins, hull, of_two, within
from fluid.privacy.inversion.multisets import Rule, multisets

UNIT = Range(0.0, 1.0)


def test_of_two_companies_the_other_answer_is_solved_for() -> None:
    found = within(np.array([0.3]), np.array([0.2]), np.array([0.75]), np.array([0.25]), UNIT)
    assert found.low == pytest.approx([0.6])
    assert found.high == pytest.approx([0.6])


def test_with_a_rest_the_answer_lies_between_what_the_rest_allows() -> None:
    found = within(np.array([0.5]), np.array([0.5]), np.array([0.2]), np.array([0.5]), UNIT)
    assert (found.low[0], found.high[0]) == pytest.approx((0.2, 0.8))  # 0.4 = 0.5 x + 0.3 r


def test_what_is_out_of_range_does_not_fit_and_what_drowns_is_anything() -> None:
    assert np.isnan(within(np.array([0.9]), np.array([0.1]), np.array([0.5]), np.array([0.5]), UNIT).low).all()
    drowned = within(np.array([0.1]), np.array([0.1]), np.array([0.9999]), np.array([0.0001]), UNIT)
    assert (drowned.low[0], drowned.high[0]) == (0, 1)


def test_the_hull_is_around_what_is_possible() -> None:
    parts = Between(np.array([[0.1, 0.5], [0.1, np.nan]]), np.array([[0.2, 0.9], [0.2, np.nan]]))
    found = hull(parts, np.array([[True, True], [False, True]]))
    assert (found.low[0], found.high[0]) == (0.1, 0.9)
    assert np.isnan(found.low[1])


def test_truth_lies_between_the_ends_for_any_companies() -> None:
    draw, told = np.random.default_rng(0), multisets(Rule(5, 4.0), 4)
    bins, said = draw.integers(0, 4, (5, 500)), draw.random((5, 500))
    weight = np.array([0.15, 0.35, 0.45, 0.75])[bins] ** 4
    label = (weight * said).sum(axis=0) / weight.sum(axis=0)
    counts = np.stack([(bins[1:] == place).sum(axis=0) for place in range(4)], axis=1)
    possible = (told.counts[None] == counts[:, None]).all(axis=2)
    found = by_bins(label, said[0], bins[0], told, possible, UNIT)
    first = said[1:][bins[1:].argmax(axis=0), np.arange(500)]
    assert (found.low - 1e-9 <= first).all()
    assert (first <= found.high + 1e-9).all()
    assert np.median(found.high - found.low) < 0.9


def test_the_shares_of_two_follow_from_the_support_whatever_they_were_made_of() -> None:
    draw = np.random.default_rng(0)
    share, own, other = draw.uniform(0.05, 0.95, 300), draw.random(300), draw.random(300)
    found = of_two(share * own + (1 - share) * other, own, 1 / (share**2 + (1 - share) ** 2), UNIT)
    assert (found.low - 1e-6 <= other).all()
    assert (other <= found.high + 1e-6).all()
    assert (found.high - found.low < 1e-6).mean() > 0.2  # the other way round would be out of range
