import numpy as np
import pandas as pd
import pytest

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, InputError, ShapeError
from fluid.evaluation import metrics
from fluid.evaluation.scores import COLUMNS, Score, Scoring, Subject, add_gap_closed, mean_scores, score_predictions, scores_frame

ENDPOINTS = (Endpoint("herg"), Endpoint("logbb", kind="regression", unit="log10"))
RNG = np.random.default_rng(0)
LABELS = np.stack([(RNG.random(200) < 0.4).astype(float), RNG.normal(size=200)], axis=1)
PREDICTED = np.stack([0.3 * LABELS[:, 0] + 0.7 * RNG.random(200), LABELS[:, 1] + RNG.normal(size=200)], axis=1)
LABELS[:20, 1] = np.nan
THRESHOLDS = np.array([0.4, np.nan])


def _score(predicted=PREDICTED, labels=LABELS, thresholds=THRESHOLDS, model="T1", test="external", seed=0, n_bootstrap=50):
    subject, scoring = Subject(model, "teacher", "T1", test), Scoring(seed, n_bootstrap)
    return score_predictions(subject, ENDPOINTS, predicted, labels, thresholds, scoring)


def _row(role, value, company="", metric="auroc", model="m", test="external", low=np.nan, high=np.nan, n=10):
    return Score(model, role, company, test, "herg", metric, value, low, high, n)


def _by_metric(scores):
    return {(score.endpoint, score.metric): score for score in scores}


def test_every_metric_of_each_kind_has_a_row_with_its_value():
    found = _by_metric(_score())
    probs, labels = PREDICTED[:, 0], LABELS[:, 0]
    values, observed = PREDICTED[:, 1], LABELS[:, 1]
    expected = {("herg", name): getattr(metrics, name)(probs, labels) for name in ("auroc", "auprc", "brier", "ece", "nll")}
    expected |= {("herg", name): getattr(metrics, name)(probs, labels, 0.4) for name in ("mcc", "balanced_accuracy")}
    expected |= {("logbb", name): getattr(metrics, name)(values, observed) for name in ("rmse", "r2", "spearman")}
    assert {key: score.value for key, score in found.items()} == pytest.approx(expected)


def test_rows_say_who_where_and_on_how_many():
    scores = _score()
    assert {(s.model, s.role, s.company, s.test) for s in scores} == {("T1", "teacher", "T1", "external")}
    assert {s.endpoint: s.n for s in scores} == {"herg": 200, "logbb": 180}
    assert all(s.low < s.high for s in scores)
    assert all(s.low < s.value < s.high for s in scores if s.metric != "ece")


def test_scores_are_reproducible_and_resamples_are_shared_between_models():
    assert _score() == _score()
    assert [(s.low, s.high) for s in _score(model="H1")] == [(s.low, s.high) for s in _score()]
    assert [(s.low, s.high) for s in _score(seed=1)] != [(s.low, s.high) for s in _score()]


def test_lists_and_single_precision_are_accepted():
    singles = _score(PREDICTED.astype(np.float32), LABELS.astype(np.float32).tolist(), [0.4, np.nan])
    assert [s.value for s in singles] == pytest.approx([s.value for s in _score()], abs=1e-5)


def test_an_endpoint_without_labels_or_answers_keeps_its_rows():
    unlabelled, unanswered = LABELS.copy(), PREDICTED.copy()
    unlabelled[:, 0], unanswered[:, 1] = np.nan, np.nan
    scores = _score(unanswered, unlabelled)
    assert len(scores) == 10
    assert np.isnan([(s.value, s.low, s.high) for s in scores]).all()
    assert {s.endpoint: s.n for s in scores} == {"herg": 0, "logbb": 180}


def test_wrong_shapes_thresholds_and_values_are_refused():
    with pytest.raises(ShapeError, match=r"\(200, 1\) and labels \(200, 2\), expected \(molecules, 2\)"):
        _score(PREDICTED[:, :1])
    with pytest.raises(ShapeError, match=r"thresholds have shape \(1,\), expected \(2,\)"):
        _score(thresholds=[0.5])
    with pytest.raises(ConfigError, match="'herg' has no threshold"):
        _score(thresholds=[np.nan, np.nan])
    with pytest.raises(InputError, match="not a probability"):
        _score(PREDICTED + 1)
    with pytest.raises(ConfigError, match="role 'evaluate' is unknown; expected one of pooled, teacher"):
        _row("evaluate", 0.5)


def test_mean_over_companies_with_its_range():
    scores = [_row("teacher", value, f"T{i}") for i, value in enumerate([0.5, 0.7, 0.9])]
    (mean,) = mean_scores([*scores, _row("pooled", 0.99)], "teacher", "teachers", "teacher_mean")
    assert (mean.model, mean.role, mean.company, mean.n) == ("teachers", "teacher_mean", "", 10)
    assert (mean.value, mean.low, mean.high) == pytest.approx((0.7, 0.5, 0.9))


def test_means_keep_tests_and_metrics_apart_and_leave_out_the_undefined():
    scores = [
        _row("teacher", 0.5),
        _row("teacher", np.nan),
        _row("teacher", 0.2, metric="mcc", n=4),
        _row("teacher", 0.3, test="in-domain"),
    ]
    scores.append(_row("teacher", 0.4, metric="mcc", n=6))
    means = mean_scores(scores, "teacher", "teachers", "teacher_mean")
    assert [(s.test, s.metric, s.n) for s in means] == [("external", "auroc", 10), ("external", "mcc", 10), ("in-domain", "auroc", 10)]
    assert [s.value for s in means] == pytest.approx([0.5, 0.3, 0.3])
    (undefined,) = mean_scores([_row("teacher", np.nan)], "teacher", "teachers", "teacher_mean")
    assert np.isnan([undefined.value, undefined.low, undefined.high]).all()
    assert mean_scores([], "teacher", "teachers", "teacher_mean") == []


def test_gap_rows_follow_for_students_and_hybrids_only():
    scores = [
        _row("pooled", 0.8), _row("teacher_mean", 0.6), _row("teacher", 0.7), _row("forest", 0.7), _row("consensus", 0.7),
        _row("student", 0.75, low=0.7, high=0.8), _row("hybrid", 0.6, "T1"), _row("hybrid_mean", 0.55),
    ]  # fmt: skip
    found = add_gap_closed(scores)
    gaps = found[len(scores) :]
    assert found[: len(scores)] == scores
    assert [(s.role, s.company, s.metric) for s in gaps] == [
        ("student", "", "gap_closed:auroc"), ("hybrid", "T1", "gap_closed:auroc"), ("hybrid_mean", "", "gap_closed:auroc"),
    ]  # fmt: skip
    assert [s.value for s in gaps] == pytest.approx([0.75, 0.0, -0.25])
    assert (gaps[0].low, gaps[0].high) == pytest.approx((0.5, 1.0))


def test_gap_ends_are_in_order_when_lower_is_better():
    scores = [
        _row("pooled", 0.4, metric="rmse"),
        _row("teacher_mean", 0.8, metric="rmse"),
        _row("student", 0.5, metric="rmse", low=0.4, high=0.7),
    ]
    gap = add_gap_closed(scores)[-1]
    assert (gap.value, gap.low, gap.high) == pytest.approx((0.75, 0.25, 1.0))


def test_without_a_reference_or_for_calibration_error_there_is_no_gap_row():
    student = _row("student", 0.75)
    for others in (
        [],
        [_row("pooled", 0.8)],
        [_row("teacher_mean", 0.6)],
        [_row("pooled", 0.8, test="in-domain"), _row("teacher_mean", 0.6)],
    ):
        assert add_gap_closed([student, *others]) == [student, *others]
    ece = [_row(role, 0.1, metric="ece") for role in ("pooled", "teacher_mean", "student")]
    assert add_gap_closed(ece) == ece


def test_frame_has_one_column_per_field():
    frame = scores_frame(_score())
    assert tuple(frame.columns) == COLUMNS == ("model", "role", "company", "test", "endpoint", "metric", "value", "low", "high", "n")
    assert len(frame) == 10
    assert pd.api.types.is_float_dtype(frame["value"])
    assert pd.api.types.is_integer_dtype(frame["n"])
    assert tuple(scores_frame([]).columns) == COLUMNS
