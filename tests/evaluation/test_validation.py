import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.evaluation.metrics import REGRESSION_METRICS, SCORE_METRICS, auroc, mcc, rmse
from fluid.evaluation.scores import BOUND_METRICS
from fluid.evaluation.validation import LOWER_IS_BETTER, METRICS, check_metric, defined_mean, validation_score

BLOCKER, ACTIVE, VALUE = Endpoint("blocker"), Endpoint("active"), Endpoint("pic50", "regression")


def test_every_metric_of_measured_labels_can_be_searched_by() -> None:
    assert {*SCORE_METRICS, *REGRESSION_METRICS, "mcc", "balanced_accuracy"} == set(METRICS)
    assert set(LOWER_IS_BETTER) < {*METRICS, *BOUND_METRICS}


def test_the_score_is_the_mean_over_the_endpoints_that_the_metric_judges() -> None:
    stream = np.random.default_rng(0)
    predicted, labels = stream.random((50, 3)), (stream.random((50, 3)) > 0.5).astype(float)
    labels[:9, 1] = np.nan
    endpoints = (BLOCKER, ACTIVE, VALUE)
    wanted = (auroc(predicted[:, 0], labels[:, 0]) + auroc(predicted[:, 1], labels[:, 1])) / 2
    assert validation_score("auroc", endpoints, predicted, labels) == pytest.approx(wanted)
    assert validation_score("rmse", endpoints, predicted, labels) == rmse(predicted[:, 2], labels[:, 2])


def test_calls_are_made_at_the_best_threshold() -> None:
    predicted, labels = np.array([[0.1], [0.2], [0.3], [0.35]]), np.array([[0.0], [0.0], [1.0], [1.0]])
    assert validation_score("mcc", (BLOCKER,), predicted, labels) == 1.0
    assert mcc(predicted[:, 0], labels[:, 0]) == 0.0


def test_what_is_undefined_does_not_count() -> None:
    assert defined_mean([1.0, float("nan"), 3.0]) == 2.0
    assert np.isnan(defined_mean([]))
    assert np.isnan(validation_score("auroc", (BLOCKER,), np.array([[0.5], [0.6]]), np.ones((2, 1))))


def test_a_metric_without_an_endpoint_is_refused() -> None:
    check_metric("auroc", (BLOCKER, VALUE))
    with pytest.raises(ConfigError, match=r"'rmse' evaluates none of the endpoints blocker \(classification\)"):
        check_metric("rmse", (BLOCKER,))
