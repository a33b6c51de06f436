import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import roc_auc_score, roc_curve

from fluid.privacy.statistics import (
    above_threshold,
    auc,
    auc_measured,
    chance_of_more,
    clopper_pearson,
    smallest_auc,
    smallest_tpr,
    tpr_measured,
)


def draw(n1: int, n0: int, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    return generator.normal(shift, 1, n1), generator.normal(0, 1, n0)


@pytest.mark.parametrize("digits", [8, 0])
def test_the_auc_is_that_of_scikit_learn_ties_included(digits: int) -> None:
    members, others = (np.round(scores, digits) for scores in draw(80, 50, 0.7, 0))
    labels = np.repeat([1, 0], [80, 50])
    assert auc(members, others) == pytest.approx(roc_auc_score(labels, np.concatenate([members, others])), abs=1e-12)


def test_the_interval_of_the_auc_holds_the_truth_as_often_as_it_says() -> None:
    truth = norm.cdf(1 / np.sqrt(2))
    found = [auc_measured(*draw(60, 40, 1.0, seed)) for seed in range(400)]
    assert 0.92 <= np.mean([one.low <= truth <= one.high for one in found]) <= 0.98


@pytest.mark.parametrize(("sign", "value"), [(1, 1.0), (-1, 0.0)])
def test_a_perfect_attack_has_an_interval_too(sign: int, value: float) -> None:
    few, many = (auc_measured(sign * np.arange(n, 2 * n), sign * np.arange(n)) for n in (10, 1000))
    assert few.value == many.value == value
    assert 0.05 < few.high - few.low < 0.35
    assert many.high - many.low < 0.01


def test_a_true_positive_rate_is_that_of_the_roc_curve() -> None:
    members, others = draw(2000, 1000, 1.0, 1)
    fpr, tpr, _ = roc_curve(np.repeat([1, 0], [2000, 1000]), np.concatenate([members, others]))
    found = tpr_measured(members, others, 0.01, np.random.default_rng(0))
    assert found.value == pytest.approx(tpr[fpr <= 0.01].max(), abs=1e-12)
    assert found.low < found.value < found.high


def test_ties_are_the_line_between_points_of_the_curve() -> None:
    members, others = np.repeat([1.0, 0.0], [90, 10]), np.repeat([1.0, 0.0], [40, 160])
    found = np.mean([above_threshold(members, others, 0.1, np.random.default_rng(seed))[0] for seed in range(300)])
    assert found == pytest.approx(90 * 20.5 / 41, abs=1.5)  # of 41 places among the tied, the threshold is the 21st


def test_the_test_without_a_leak_is_exact() -> None:
    n1, n0, k = 30, 50, 2
    generator, found = np.random.default_rng(0), []
    for _ in range(4000):
        scores = generator.random(n1 + n0)
        found.append(above_threshold(scores[:n1], scores[n1:], k / n0, generator)[0])
    for count in (1, 3, 6):
        assert float(chance_of_more(count, k, n1, n0, 1.0)) == pytest.approx(np.mean(np.array(found) >= count), abs=0.025)


def test_the_interval_of_a_rate_holds_the_truth_at_least_as_often_as_it_says() -> None:
    def ramp(seed: int) -> tuple[np.ndarray, np.ndarray]:  # members five times as likely above any threshold up to a rate of 0.1
        generator = np.random.default_rng(seed)
        inside = generator.random(300)
        return -np.where(inside < 0.5, inside / 5, 0.1 + (inside - 0.5) * 1.8), -generator.random(300)

    found = [tpr_measured(*ramp(seed), 0.02, np.random.default_rng(seed)) for seed in range(100)]
    assert np.mean([one.low <= 0.1 <= one.high for one in found]) >= 0.93


def test_too_few_non_members_leave_the_rate_open() -> None:
    members, others = draw(500, 50, 0.0, 3)
    found = tpr_measured(members, others, 0.001, np.random.default_rng(0))
    assert found.low < 0.001
    assert found.high > 0.003


def test_an_exact_interval_of_a_share() -> None:
    assert clopper_pearson(0, 10) == pytest.approx((0.0, 0.0, 0.3085), abs=1e-4)
    assert clopper_pearson(7, 20) == pytest.approx((0.35, 0.1539, 0.5922), abs=1e-4)


def test_the_smallest_effect_is_seen_in_four_of_five() -> None:
    value = smallest_auc(60, 60)
    shift = np.sqrt(2) * norm.ppf(value)
    seen = np.mean([auc_measured(*draw(60, 60, shift, seed)).low > 0.5 for seed in range(300)])
    assert seen == pytest.approx(0.8, abs=0.08)
    assert smallest_auc(6000, 6000) < 0.52 < value
    assert smallest_auc(2, 2) == 1.0


def test_the_smallest_rate_falls_with_more_molecules() -> None:
    few, more, many = (smallest_tpr(n, n, 0.01) for n in (50, 500, 5000))
    assert 0.01 < many < more < few <= 1
    assert smallest_tpr(20, 20, 0.001) > 0.02
