"""Risk against coverage and the scores of a consensus' confidence, against independent formulas."""

from itertools import permutations

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss
from torch import tensor
from torchmetrics.functional.classification import binary_calibration_error

from fluid.errors import InputError, ShapeError
from fluid.evaluation.confidence import evaluate_confidence, losses, risk_coverage

DRAW = np.random.default_rng(0)
PROBS = DRAW.random(200)
LABELS = (DRAW.random(200) < PROBS).astype(float)
SURE = np.abs(2 * PROBS - 1)


def test_the_curve_by_hand() -> None:
    curve = risk_coverage([0.9, 0.1, 0.5, 0.7], [0.0, 1.0, 1.0, 0.0])
    np.testing.assert_allclose(curve.coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0, 0, 1 / 3, 1 / 2])
    assert curve.area == pytest.approx((1 / 3 + 1 / 2) / 4)


def test_equal_confidence_is_the_mean_over_all_orders() -> None:
    confidence, loss = np.array([0.5, 0.5, 0.9, 0.5]), np.array([1.0, 0.0, 0.0, 1.0])
    areas = []
    for order in permutations([0, 1, 3]):
        ordered = loss[[2, *order]]
        areas.append(np.mean([ordered[:n].mean() for n in range(1, 5)]))
    assert risk_coverage(confidence, loss).area == pytest.approx(np.mean(areas))


def test_confidence_that_says_nothing_has_the_risk_as_area() -> None:
    scores = evaluate_confidence(PROBS, np.full(200, 0.3), LABELS, "classification")
    assert scores.aurc == pytest.approx(scores.risk)
    useful = evaluate_confidence(PROBS, SURE, LABELS, "classification")
    misleading = evaluate_confidence(PROBS, -SURE, LABELS, "classification")
    assert useful.best_aurc < useful.aurc < scores.aurc < misleading.aurc
    assert useful.excess == pytest.approx(useful.aurc - useful.best_aurc)


def test_the_best_area_of_errors_is_its_closed_form() -> None:
    scores = evaluate_confidence(PROBS, SURE, LABELS, "classification")
    n, wrong = scores.n, round(scores.risk * scores.n)
    expected = sum(max(0, i - (n - wrong)) / i for i in range(1, n + 1)) / n
    assert scores.best_aurc == pytest.approx(expected)


def test_scores_of_probabilities_are_those_of_sklearn_and_torchmetrics() -> None:
    scores = evaluate_confidence(PROBS, SURE, LABELS, "classification")
    assert scores.brier == pytest.approx(brier_score_loss(LABELS, PROBS))
    assert scores.nll == pytest.approx(log_loss(LABELS, PROBS))
    assert scores.ece == pytest.approx(float(binary_calibration_error(tensor(PROBS), tensor(LABELS).int(), n_bins=10)), abs=1e-5)
    assert scores.risk == pytest.approx(((PROBS >= 0.5) != (LABELS == 1)).mean())


def test_values() -> None:
    observed = DRAW.normal(size=100)
    noise = DRAW.normal(size=100)
    scores = evaluate_confidence(observed + noise, 1 / (1 + np.abs(noise)), observed, "regression")
    assert scores.risk == pytest.approx((noise**2).mean())
    assert scores.aurc == pytest.approx(scores.best_aurc)
    assert np.isnan([scores.brier, scores.nll, scores.ece]).all()


def test_rows_without_label_or_answer_are_left_out() -> None:
    probs, labels, sure = np.append(PROBS, [np.nan, 0.4]), np.append(LABELS, [1.0, np.nan]), np.append(SURE, [0.0, np.nan])
    assert evaluate_confidence(probs, sure, labels, "classification") == evaluate_confidence(PROBS, SURE, LABELS, "classification")
    nothing = evaluate_confidence([np.nan], [0.0], [1.0], "classification")
    assert nothing.n == 0
    assert np.isnan([nothing.aurc, nothing.risk, nothing.brier]).all()
    assert list(risk_coverage([], []).thinned(5)) == []


def test_a_curve_is_thinned_to_its_ends() -> None:
    curve = risk_coverage(SURE, losses(PROBS, LABELS, "classification"))
    points = list(curve.thinned(10))
    assert len(points) == 10
    assert points[0] == (curve.coverage[0], curve.risk[0])
    assert points[-1] == (1.0, curve.risk[-1])


def test_wrong_input() -> None:
    with pytest.raises(ShapeError, match=r"confidence has shape \(2,\) and loss \(1,\); expected two vectors of equal length"):
        risk_coverage([0.1, 0.2], [1.0])
    with pytest.raises(InputError, match="a confidence is NaN"):
        risk_coverage([np.nan], [1.0])
    with pytest.raises(InputError, match="is not a class label"):
        evaluate_confidence([0.5], [0.5], [2.0], "classification")
