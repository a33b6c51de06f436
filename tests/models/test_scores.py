"""Scores of answers."""

import numpy as np
from scipy.special import logit

from fluid.models.scores import SMALLEST, scores_of
from tests.models.conftest import ENDPOINTS


def test_log_odds_of_classes_and_values_as_they_are() -> None:
    answers = np.array([[0.25, -3.0], [1.0, 7.0], [np.nan, np.nan]], np.float32)
    found = scores_of(answers, ENDPOINTS)
    np.testing.assert_allclose(found[:2], [[logit(0.25), -3.0], [logit(1 - SMALLEST), 7.0]])
    assert np.isnan(found[2]).all()
