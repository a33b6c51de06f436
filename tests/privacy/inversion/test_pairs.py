import numpy as np
import pytest

from fluid.privacy.inversion.answers import Range
from fluid.privacy.inversion.pairs import both_answers, parabola, scale_of, settled

UNIT = Range(0.0, 1.0)


def made(shares: tuple[float, float, float], n: int = 2000) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    said = np.random.default_rng(0).beta(0.7, 0.7, (3, n))
    weight = np.tile(shares, (n, 1))
    return (weight.T * said).sum(axis=0), said, weight, said.var(axis=0)


@pytest.mark.parametrize("shares", [(1 / 3, 1 / 3, 1 / 3), (0.5, 0.3, 0.2)])
def test_the_variance_is_a_parabola_of_one_answer_and_its_scale_is_told(shares: tuple[float, float, float]) -> None:
    label, said, weight, variance = made(shares)
    curve = parabola(label, said[0], weight, UNIT)
    assert curve.a * said[1] ** 2 + curve.b * said[1] + curve.c == pytest.approx(variance)
    assert (curve.least() <= variance + 1e-12).all()
    assert scale_of(curve, variance / variance.mean()) == pytest.approx(variance.mean(), rel=1e-3)


def test_with_equal_shares_both_answers_follow_without_their_order() -> None:
    label, said, weight, variance = made((1 / 3, 1 / 3, 1 / 3))
    found = settled(both_answers(label, said[0], weight, variance / variance.mean(), UNIT), 0.01)
    assert not np.isnan(found).any()
    assert np.median(np.abs(found - np.sort(said[1:].T, axis=1))) < 1e-3


def test_with_other_shares_they_follow_where_one_solution_is_possible() -> None:
    label, said, weight, variance = made((0.5, 0.3, 0.2))
    found = settled(both_answers(label, said[0], weight, variance / variance.mean(), UNIT), 0.01)
    known = ~np.isnan(found[:, 0])
    assert 0.2 < known.mean() < 1
    assert (np.abs(found - np.sort(said[1:].T, axis=1))[known].max(axis=1) < 0.02).mean() > 0.97


def test_two_solutions_that_differ_settle_nothing() -> None:
    both = np.array([[[0.1, 0.2], [0.1, 0.2]], [[0.1, 0.2], [0.4, 0.5]], [[np.nan, np.nan], [0.4, 0.5]], [[np.nan] * 2] * 2])
    assert settled(both, 0.01)[:, 0].tolist() == pytest.approx([0.1, np.nan, 0.4, np.nan], nan_ok=True)
