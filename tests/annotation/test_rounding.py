import numpy as np
import pytest

from fluid.annotation.rounding import round_predictions, round_uncertainties, unit_of, units_of
from fluid.data.endpoints import Endpoint

ENDPOINTS = (Endpoint("active"), Endpoint.parse("logd [u]"))


@pytest.mark.parametrize(("spread", "unit"), [(0.9, 0.1), (1.0, 1.0), (37.0, 10.0), (0.004, 0.001), (0.0, 1.0), (float("nan"), 1.0)])
def test_digits_of_values_count_from_the_power_of_ten_of_their_spread(spread: float, unit: float) -> None:
    assert unit_of(ENDPOINTS[1], spread) == pytest.approx(unit)
    assert unit_of(ENDPOINTS[0], spread) == 1


def test_answers_are_rounded_by_hand() -> None:
    said = np.array([[0.1234, 123.456], [0.999, -7.0], [0.0, 40.04]], dtype=np.float32)
    units = units_of(ENDPOINTS, said)
    assert units.tolist() == [1.0, 10.0]
    rounded = round_predictions(said, ENDPOINTS, units, 2)
    np.testing.assert_allclose(rounded, [[0.12, 123.5], [0.995, -7.0], [0.005, 40.0]], rtol=1e-6)
    assert rounded.dtype == np.float32
    np.testing.assert_allclose(round_uncertainties(np.array([[0.1234, 123.456]]), ENDPOINTS, units, 2), [[0.12, 123.0]], rtol=1e-6)


def test_rounding_again_changes_nothing_and_no_error_is_above_half_a_step() -> None:
    said = np.random.default_rng(0).random((1000, 2)).astype(np.float32) * [1, 30]
    units = units_of(ENDPOINTS, said)
    once = round_predictions(said, ENDPOINTS, units, 2)
    np.testing.assert_array_equal(round_predictions(once, ENDPOINTS, units, 2), once)
    assert (np.abs(once - said) <= 0.5 * units * 0.01 + 1e-5).all()
    assert len(np.unique(once[:, 0])) <= 101


def test_many_digits_leave_answers_as_they_are() -> None:
    said = np.array([[0.123456, 12.3456]], dtype=np.float32)
    np.testing.assert_allclose(round_predictions(said, ENDPOINTS, np.array([1.0, 1.0]), 7), said, atol=1e-6)


def test_nothing_to_round() -> None:
    assert round_predictions(np.empty((0, 2), np.float32), ENDPOINTS, units_of(ENDPOINTS, np.empty((0, 2))), 2).shape == (0, 2)
