import numpy as np
import pytest

from fluid.errors import InputError
from fluid.evaluation.metrics import ece
from fluid.evaluation.reliability import reliability


def test_points_are_bin_means():
    points = reliability([0.05, 0.15, 0.19, 1.0, 0.95], [0, 0, 1, 1, 1])
    assert [point.n for point in points] == [1, 2, 2]
    assert [point.predicted for point in points] == pytest.approx([0.05, 0.17, 0.975])
    assert [point.observed for point in points] == [0, 0.5, 1]


def test_points_explain_the_calibration_error():
    rng = np.random.default_rng(0)
    probs = rng.random(500)
    labels = (rng.random(500) < probs**2).astype(float)
    points = reliability(probs, labels)
    assert sum(p.n * abs(p.predicted - p.observed) for p in points) / 500 == pytest.approx(ece(probs, labels))
    assert sum(p.n for p in points) == 500


def test_missing_labels_and_predictions_are_left_out():
    assert reliability([0.2, np.nan, 0.7], [1, 1, np.nan]) == reliability([0.2], [1])
    assert reliability([], []) == ()


def test_bad_bins_are_refused():
    with pytest.raises(InputError, match="0 bins; expected 1 or more"):
        reliability([0.5], [1], bins=0)
