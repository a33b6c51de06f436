import numpy as np
import pytest
from scipy.stats import bernoulli

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.models.prediction import PLANES, Prediction, classification_prediction, combine_members, entropy, regression_prediction

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


def test_the_order_of_members_does_not_matter_and_copies_change_nothing() -> None:
    values, variances = PROBS * 3 - 1, PROBS
    for again in (slice(None, None, -1), np.repeat(np.arange(5), 4)):
        for ours, theirs in (
            (classification_prediction(PROBS[again]), classification_prediction(PROBS)),
            (regression_prediction(values[again], variances[again]), regression_prediction(values, variances)),
        ):
            for plane in PLANES:
                np.testing.assert_allclose(getattr(ours, plane), getattr(theirs, plane), rtol=1e-6, atol=1e-7)


def test_agreement_has_no_epistemic_part_and_never_a_negative_one() -> None:
    probs = np.repeat(np.random.default_rng(3).random((1, 500, 1)), 7, axis=0)
    prediction = classification_prediction(probs)
    assert np.all(prediction.epistemic >= 0)
    np.testing.assert_allclose(prediction.epistemic, 0.0, atol=1e-7)
    np.testing.assert_allclose(prediction.aleatoric, bernoulli.entropy(probs[0]), atol=1e-6)


def test_regression_by_hand() -> None:
    prediction = regression_prediction(np.array([[[1.0]], [[3.0]]]), np.array([[[0.5]], [[1.5]]]))
    assert (prediction.mean.item(), prediction.epistemic.item(), prediction.aleatoric.item()) == (2.0, 1.0, 1.0)


def test_probabilities_a_little_outside_count_as_the_limits() -> None:
    np.testing.assert_array_equal(entropy(np.array([-1e-9, 1 + 1e-9])), [0.0, 0.0])
    assert entropy(np.array([1e-300])) == pytest.approx(0.0, abs=1e-12)
    assert entropy(np.array([0.5])) == pytest.approx(np.log(2))


@pytest.mark.parametrize("wrong", [np.zeros(2, np.float32), np.zeros((2, 1, 1), np.float32), np.zeros((2, 2), np.float32)])
def test_planes_of_another_shape_say_what_came_and_what_was_expected(wrong: np.ndarray) -> None:
    good = np.zeros((2, 1), dtype=np.float32)
    with pytest.raises(ShapeError, match=r"epistemic has shape .* and type float32; expected float32 \(2, 1\)"):
        Prediction(good, wrong, good)
