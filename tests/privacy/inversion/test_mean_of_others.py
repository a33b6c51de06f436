import numpy as np
import pytest

from fluid.privacy.inversion.mean_of_others import error_of, guesses, own_part
from tests.privacy.inversion.conftest import consortium
from tests.privacy.inversion.test_recovered import without


def test_equal_weights_tell_the_mean_of_the_others_exactly() -> None:
    found = guesses(consortium(6, "mean"), 0)
    assert found.folder == pytest.approx(found.truth, abs=1e-5)
    assert own_part(consortium(6, "mean"), 0) == pytest.approx(1 / 5)


@pytest.mark.parametrize("companies", [4, 8])
def test_shares_that_are_not_told_are_expected_ones_and_worse(companies: int) -> None:
    seen = consortium(companies)
    told, untold = guesses(seen, 0), guesses(without(seen, "support", "coverage"), 0)
    errors = [error_of(guess, told.truth).value for guess in (told.folder, untold.folder, told.prior)]
    assert errors[0] < errors[1] < errors[2] * 1.2
    assert errors[0] < errors[2]


def test_the_prior_is_the_regression_on_own_answers() -> None:
    seen = consortium(3)
    truth = np.mean([one.answers[:, 0] for one in seen.others], axis=0)
    slope, start = np.polyfit(seen.own.answers[:, 0].astype(float), truth, 1)
    assert guesses(seen, 0).prior == pytest.approx(start + slope * seen.own.answers[:, 0], abs=1e-5)


def test_an_error_has_an_interval_that_shrinks() -> None:
    draw = np.random.default_rng(0)
    few, many = (error_of(draw.normal(0, 2, n), np.zeros(n)) for n in (100, 10_000))
    assert few.low < 2 < few.high
    assert many.low < 2 < many.high
    assert many.high - many.low < 0.2 * (few.high - few.low)
