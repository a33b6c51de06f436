from dataclasses import replace

import numpy as np
import pytest

from fluid.privacy.inversion.recovered import guessed_from, is_of_two, recovered_answers, recovered_bins, span_of
from fluid.privacy.inversion.seen import Seen
from tests.privacy.inversion.conftest import consortium


def without(seen: Seen, *planes: str) -> Seen:
    return replace(seen, released=replace(seen.released, **dict.fromkeys(planes)))


@pytest.mark.parametrize("companies", [2, 3, 4, 5, 6, 7, 8])
def test_support_and_coverage_tell_the_bins_of_all_others(companies: int) -> None:
    seen = consortium(companies)
    found = recovered_bins(seen)
    bins = np.stack([one.bins for one in seen.others])
    truth = np.stack([(bins == place).sum(axis=0) for place in range(4)], axis=1)
    assert found.follows.mean() > 0.99
    assert (found.values[found.follows] == truth[found.follows]).all()


def test_without_support_and_coverage_no_bins_follow() -> None:
    assert not recovered_bins(without(consortium(4), "support", "coverage")).follows.any()


@pytest.mark.parametrize("method", ["similarity", "mean", "inverse_variance"])
def test_of_two_companies_the_others_answers_follow_whatever_weighs(method: str) -> None:
    seen = consortium(2, method)
    found = recovered_answers(seen, 0)
    assert found.follows.mean() > 0.9
    assert np.abs(found.values - seen.others[0].answers)[found.follows].max() < 0.011


def test_of_three_companies_both_follow_unordered() -> None:
    seen = consortium(3, "mean")
    found = recovered_answers(seen, 0)
    truth = np.sort(np.concatenate([one.answers for one in seen.others], axis=1), axis=1)
    assert found.follows.mean() > 0.99
    assert np.median(np.abs(found.values - truth)) < 2e-3


def test_of_five_that_are_weighed_alike_hardly_an_answer_follows() -> None:
    assert recovered_answers(consortium(5, "mean"), 0).follows.mean() < 0.01


def test_values_have_the_range_of_what_is_seen() -> None:
    seen = consortium(2, "mean", kind="regression")
    low, high = span_of(seen.released, seen.own, 0)
    assert low < 3
    assert high > 7
    found = recovered_answers(seen, 0)
    inside = (seen.others[0].answers[:, 0] > low) & (seen.others[0].answers[:, 0] < high)
    assert np.abs(found.values - seen.others[0].answers)[inside].max() < 1e-4


def test_a_guess_is_the_best_line_through_own_answers() -> None:
    own = np.linspace(0, 1, 50)
    values = (0.2 + 0.5 * own)[:, None]
    values[7] = np.nan
    expected = np.arange(50) != 7
    assert guessed_from(own, values, 1e-6).tolist() == expected.tolist()
    assert not guessed_from(own, np.random.default_rng(0).random((50, 1)), 1e-6).any()


def test_a_support_above_two_is_of_more_than_two() -> None:
    assert is_of_two(consortium(2, named=False).released, 0)
    assert not is_of_two(consortium(3, "mean", named=False).released, 0)
    assert not is_of_two(without(consortium(2, named=False), "support").released, 0)
