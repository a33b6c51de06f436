"""Integer weights must equal repeated rows: that is what makes a weight a bootstrap resample."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.evaluation import weighted
from fluid.evaluation.metrics import CALL_METRICS, REGRESSION_METRICS, SCORE_METRICS

ALL = SCORE_METRICS | CALL_METRICS | REGRESSION_METRICS


def _inputs(name, rng, size=40):
    labels = (rng.random(size) < 0.4).astype(float)
    if name in REGRESSION_METRICS:
        return np.round(rng.normal(size=size), 1), np.round(rng.normal(size=size), 1)
    probs = np.round(rng.random(size), 1)
    return (probs if name in SCORE_METRICS else np.round(probs)), labels


@pytest.mark.parametrize("name", ALL)
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_integer_weights_equal_repeated_rows(name, seed):
    rng = np.random.default_rng(seed)
    x, y = _inputs(name, rng)
    weights = rng.multinomial(len(x), np.full(len(x), 1 / len(x)), size=3)
    values = ALL[name](x, y, weights.astype(float))
    for row, value in zip(weights, values, strict=True):
        repeated = np.repeat(np.arange(len(x)), row)
        assert value == pytest.approx(ALL[name](x[repeated], y[repeated], np.ones((1, len(x))))[0], abs=1e-10, nan_ok=True)


@pytest.mark.parametrize("name", ALL)
def test_zero_total_weight_is_nan(name):
    x, y = _inputs(name, np.random.default_rng(0))
    assert np.isnan(ALL[name](x, y, np.zeros((2, len(x))))).all()


@pytest.mark.parametrize("name", ALL)
def test_no_molecules_is_nan(name):
    assert np.isnan(ALL[name](np.empty(0), np.empty(0), np.ones((2, 0)))).all()


@pytest.mark.parametrize("name", ["auroc", "auprc", "mcc", "balanced_accuracy"])
def test_a_resample_that_lost_a_class_is_nan_and_others_are_not(name):
    x, y = np.array([0.0, 1.0, 0.0]), np.array([0.0, 1.0, 1.0])
    weights = np.array([[3.0, 0, 0], [0, 2, 1], [1, 1, 1]])
    assert np.isnan(ALL[name](x, y, weights)).tolist() == [True, True, False]


def test_bins_hold_their_lower_border_and_the_last_one_holds_one():
    assert weighted.bin_index(np.array([0.0, 0.0999, 0.1, 0.5, 0.95, 1.0])).tolist() == [0, 0, 1, 5, 9, 9]
