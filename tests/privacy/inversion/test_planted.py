import numpy as np
import pytest

from fluid.privacy.inversion.planted import inversion_planted, made_up, plant, true_bins
from fluid.privacy.inversion.recovered import Recovered
from tests.privacy.inversion.conftest import consortium


@pytest.mark.parametrize("method", ["similarity", "mean", "inverse_variance"])
def test_what_is_planted_is_found_in_any_consensus(method: str) -> None:
    found = inversion_planted(consortium(4, method).__class__(*parts(method)), np.random.default_rng(0))
    assert [one.name for one in found] == [one.found_by for one in found] == ["others_bins", "others_answers"]
    assert all(one.auc.value > 0.95 for one in found)


def parts(method: str):
    seen = consortium(4, method)
    return seen.released, seen.own


def test_a_made_up_consensus_is_a_weighted_mean_of_what_the_partner_says_elsewhere() -> None:
    seen = made_up(consortium(2), 3, np.random.default_rng(0))
    assert len(seen.others) == 2
    for other in seen.others:
        assert np.sort(other.answers[:, 0]) == pytest.approx(np.sort(seen.own.answers[:, 0]))
    assert true_bins(seen).sum(axis=1).tolist() == [2] * len(seen.own.bins)


def test_what_is_not_recovered_is_not_found() -> None:
    seen = made_up(consortium(2), 3, np.random.default_rng(0))
    lost = Recovered(np.full((600, 4), np.nan), np.zeros(600, dtype=bool))
    assert plant("a", "b", seen, lambda _: lost, true_bins(seen), 0.0).found_by == ""


def test_a_partner_who_says_nothing_can_recover_nothing() -> None:
    assert inversion_planted(None, np.random.default_rng(0)) == ()
    few = consortium(2, n=5)
    assert inversion_planted(few, np.random.default_rng(0)) == ()
