import numpy as np
import pytest
from scipy.stats import bernoulli

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.models.prediction import Prediction, classification_prediction, combine_members, entropy, regression_prediction

PROBS = np.random.default_rng(0).random((5, 7, 2))


def test_entropy_is_that_of_scipy() -> None:
    np.testing.assert_allclose(entropy(PROBS), bernoulli.entropy(PROBS), atol=1e-12)
    np.testing.assert_array_equal(entropy(np.array([0.0, 1.0])), [0.0, 0.0])


def test_uncertainty_of_probabilities_adds_up() -> None:
    prediction = classification_prediction(PROBS)
    np.testing.assert_allclose(prediction.mean, PROBS.mean(0), atol=1e-6)
    np.testing.assert_allclose(prediction.epistemic + prediction.aleatoric, entropy(PROBS.mean(0)), atol=1e-6)
    assert np.all(prediction.epistemic >= 0)


def test_one_member_has_no_epistemic_part() -> None:
    assert np.all(classification_prediction(PROBS[:1]).epistemic < 1e-7)
    assert np.all(regression_prediction(PROBS[:1], PROBS[:1]).epistemic == 0)


def test_members_that_contradict_each_other_are_all_epistemic() -> None:
    prediction = classification_prediction(np.array([[[0.0]], [[1.0]]]))
    assert prediction.epistemic == pytest.approx(np.log(2))
    assert prediction.aleatoric == 0


def test_law_of_total_variance() -> None:
    rng = np.random.default_rng(1)
    means, variances = rng.normal(size=(4, 3, 1)), rng.random((4, 3, 1))
    prediction = regression_prediction(means, variances)
    drawn = means[:, :, 0, None] + np.sqrt(variances[:, :, 0, None]) * rng.normal(size=(4, 3, 200_000))
    total = drawn.transpose(1, 0, 2).reshape(3, -1).var(axis=1)
    np.testing.assert_allclose((prediction.epistemic + prediction.aleatoric)[:, 0], total, rtol=0.02)


def test_each_endpoint_is_combined_by_its_kind() -> None:
    endpoints = (Endpoint.parse("a"), Endpoint.parse("b [u]"))
    both = combine_members(endpoints, PROBS, PROBS)
    np.testing.assert_array_equal(both.epistemic[:, 0], classification_prediction(PROBS).epistemic[:, 0])
    np.testing.assert_array_equal(both.epistemic[:, 1], regression_prediction(PROBS, PROBS).epistemic[:, 1])


def test_shapes_and_types_are_checked() -> None:
    good = np.zeros((2, 1), dtype=np.float32)
    with pytest.raises(ShapeError, match="aleatoric"):
        Prediction(good, good, good[:1])
    with pytest.raises(ShapeError, match="float64"):
        Prediction(good, good.astype(np.float64), good)
