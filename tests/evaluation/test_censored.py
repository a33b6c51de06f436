"""Metrics of values of which some are bounds: against loops over pairs, scipy, and their limits."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fluid.data.endpoints import Endpoint
from fluid.errors import InputError, ShapeError
from fluid.evaluation import metrics
from fluid.evaluation.censored import bound_metrics
from fluid.evaluation.scores import BOUND_METRICS, Score, Scoring, Subject, score_predictions
from fluid.evaluation.validation import LOWER_IS_BETTER
from fluid.reporting.figures.bars import TITLES

ENDPOINTS = (Endpoint("herg"), Endpoint("logs", kind="regression", unit="log10"))


def draw(seed: int, size: int = 30) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return answers, labels, sides and variances, with ties among answers and labels."""
    rng = np.random.default_rng(seed)
    predicted, observed = (np.round(rng.normal(size=size), 1) for _ in range(2))
    return predicted, observed, rng.integers(-1, 2, size).astype(float), rng.uniform(0.1, 2, size)


def order(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Return whether the true value of the first is known to be below that of the second; each a label and its side."""
    (low, low_side), (high, high_side) = first, second
    if low_side > 0 or high_side < 0:
        return False
    return low < high or (low == high and (low_side, high_side) != (0, 0))


def looped(predicted: np.ndarray, observed: np.ndarray, side: np.ndarray) -> float:
    agreed, known = 0.0, 0
    for i, j in itertools.permutations(range(len(predicted)), 2):
        if order((observed[i], side[i]), (observed[j], side[j])):
            known += 1
            agreed += 1.0 if predicted[i] < predicted[j] else 0.5 if predicted[i] == predicted[j] else 0.0
    return agreed / known if known else math.nan


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(0, 70))
def test_concordance_is_that_of_a_loop_over_pairs(seed: int, size: int) -> None:
    predicted, observed, side, _ = draw(seed, size)
    assert metrics.concordance(predicted, observed, side) == pytest.approx(looped(predicted, observed, side), nan_ok=True)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_likelihood_is_scipys(seed: int) -> None:
    predicted, observed, side, variance = draw(seed)
    normal = stats.norm(predicted, np.sqrt(variance))
    said = np.select([side == 0, side > 0], [normal.logpdf(observed), normal.logsf(observed)], normal.logcdf(observed))
    assert metrics.censored_nll(predicted, observed, side, variance) == pytest.approx(-said.mean())


def test_the_error_of_a_bound_is_one_sided_by_hand() -> None:
    predicted, observed, side = np.array([1.0, 3.0, 3.0, 1.0, 2.5]), np.full(5, 2.0), np.array([1, 1, -1, -1, 0])
    assert metrics.censored_rmse(predicted, observed, side) == pytest.approx(math.sqrt((1 + 0 + 1 + 0 + 0.25) / 5))


@pytest.mark.parametrize("name", BOUND_METRICS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_integer_weights_equal_repeated_rows(name: str, seed: int) -> None:
    predicted, observed, side, variance = draw(seed)
    weights = np.random.default_rng(seed).multinomial(30, np.full(30, 1 / 30), size=3)
    found = bound_metrics(side, variance)[name](predicted, observed, weights.astype(float))
    for row, value in zip(weights, found, strict=True):
        rows = np.repeat(np.arange(30), row)
        again = bound_metrics(side[rows], variance[rows])[name](predicted[rows], observed[rows], np.ones((1, 30)))[0]
        assert value == pytest.approx(again, abs=1e-10, nan_ok=True)


@pytest.mark.parametrize("name", BOUND_METRICS)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_negated_answers_labels_and_sides_give_the_same(name: str, seed: int) -> None:
    predicted, observed, side, variance = draw(seed)
    one, other = (
        bound_metrics(sign * side, variance)[name](sign * predicted, sign * observed, np.ones((1, 30)))[0] for sign in (1.0, -1.0)
    )
    assert one == pytest.approx(other, nan_ok=True)


@pytest.mark.parametrize("name", BOUND_METRICS)
def test_nothing_and_zero_weight_are_undefined(name: str) -> None:
    predicted, observed, side, variance = draw(0)
    assert np.isnan(bound_metrics(side, variance)[name](predicted, observed, np.zeros((2, 30)))).all()
    none = np.empty(0)
    assert np.isnan(bound_metrics(none, none)[name](none, none, np.ones((2, 0)))).all()


def test_limits_of_concordance() -> None:
    _, observed, side, _ = draw(2)
    exact = np.zeros(30)
    assert metrics.concordance(observed, observed, exact) == 1
    assert metrics.concordance(-observed, observed, exact) == 0
    assert metrics.concordance(exact, observed, side) == 0.5
    assert math.isnan(metrics.concordance(observed, observed, np.ones(30)))  # nothing is known of two values that are above something
    tied = metrics.concordance([1.0, 2.0], [5.0, 5.0], [0, 1])
    assert tied == 1  # above 5 is more than 5
    values = np.arange(30.0)
    kendall = stats.kendalltau(values[::-1][:20], observed[:20] + values[:20] / 1e3).statistic
    assert metrics.concordance(values[::-1][:20], observed[:20] + values[:20] / 1e3, exact[:20]) == pytest.approx((1 + kendall) / 2)


def test_without_bounds_the_error_is_the_rmse_and_a_far_bound_has_none() -> None:
    predicted, observed, _, _ = draw(3)
    assert metrics.censored_rmse(predicted, observed, np.zeros(30)) == metrics.rmse(predicted, observed)
    assert metrics.censored_rmse(predicted, np.full(30, -1e9), np.ones(30)) == 0
    assert metrics.censored_nll(predicted, np.full(30, -1e9), np.ones(30), np.ones(30)) == 0


def test_what_cannot_be_evaluated_is_refused() -> None:
    with pytest.raises(InputError, match="a side is none of -1, 0 and 1"):
        metrics.concordance([1.0], [1.0], [2])
    with pytest.raises(InputError, match="a variance is not above 0"):
        metrics.censored_nll([1.0], [1.0], [1], [0.0])
    with pytest.raises(ShapeError, match="another shape"):
        metrics.censored_rmse([1.0], [1.0], [1, 0])
    assert math.isnan(metrics.censored_rmse([np.nan, 1.0], [1.0, 1.0], [1, 0]))
    assert metrics.censored_rmse([np.nan, 1.0], [np.nan, 2.0], [0, 0]) == 1


def scores(side: np.ndarray | None, variance: np.ndarray | None = None, n_bootstrap: int = 20) -> dict[str, Score]:
    rng = np.random.default_rng(0)
    labels = np.stack([(rng.random(80) < 0.4).astype(float), rng.normal(size=80)], axis=1)
    predicted = np.stack([0.3 * labels[:, 0] + 0.7 * rng.random(80), labels[:, 1] + rng.normal(size=80)], axis=1)
    labels[:10, 1] = np.nan
    subject, scoring, cuts = Subject("T1", "teacher", "T1", "test"), Scoring(0, n_bootstrap), [0.5, np.nan]
    found = score_predictions(subject, ENDPOINTS, predicted, labels, cuts, scoring, side, variance)
    assert [score for score in found if score.metric in BOUND_METRICS and score.endpoint == "herg"] == []
    return {score.metric: score for score in found}


def sides() -> np.ndarray:
    side = np.zeros((80, 2), dtype=np.int8)
    side[10:30, 1] = 1
    side[30:35, 1] = -1
    return side


def test_rows_of_a_test_with_bounds() -> None:
    variance = np.ones((80, 2))
    found = scores(sides(), variance)
    assert {name: found[name].n for name in ("rmse", "r2", "spearman", *BOUND_METRICS)} == dict.fromkeys(
        ("rmse", "r2", "spearman"), 45
    ) | dict.fromkeys(BOUND_METRICS, 70)
    assert all(found[name].low < found[name].value < found[name].high for name in BOUND_METRICS)
    assert found["rmse"].value != scores(None)["rmse"].value
    assert set(scores(sides())) == set(found) - {"censored_nll"}
    variance[50, 1] = 0
    assert "censored_nll" not in scores(sides(), variance)
    variance[50, 1], variance[0, 1] = 1, 0  # not labelled
    assert "censored_nll" in scores(sides(), variance)


def test_a_test_without_bounds_has_the_rows_that_it_had() -> None:
    plain = scores(None)
    assert set(plain) == {"auroc", "auprc", "brier", "ece", "nll", "mcc", "balanced_accuracy", "rmse", "r2", "spearman"}
    assert scores(np.zeros((80, 2), dtype=np.int8), np.ones((80, 2))) == plain
    assert plain["rmse"].n == 70


def test_shapes_are_checked() -> None:
    with pytest.raises(ShapeError, match="censored has shape"):
        scores(sides()[:3])


def test_every_metric_of_bounds_has_a_title_and_a_direction() -> None:
    assert set(BOUND_METRICS) <= set(TITLES)
    assert [name for name in BOUND_METRICS if name in LOWER_IS_BETTER] == ["censored_rmse", "censored_nll"]
