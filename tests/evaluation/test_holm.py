import numpy as np
import pytest

from fluid.errors import InputError, ShapeError
from fluid.evaluation.holm import holm


def test_the_example_by_hand() -> None:
    # sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1 = 0.02, 0.03, 0.06, 0.04; the last may not be below the one before
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_one_question_is_not_corrected_and_none_is_nothing() -> None:
    assert holm([0.03]) == pytest.approx([0.03])
    assert len(holm([])) == 0


def test_corrected_values_stay_probabilities_and_lie_between_raw_and_bonferroni() -> None:
    p = np.random.default_rng(0).random(20)
    corrected = holm(p)
    assert (corrected >= p).all()
    assert (corrected <= np.minimum(20 * p, 1)).all()
    assert np.array_equal(np.argsort(corrected[np.argsort(p)], kind="stable"), np.arange(20))


def test_what_could_not_be_tested_still_counts() -> None:
    found = holm([0.02, np.nan])
    assert found[0] == pytest.approx(0.04)
    assert np.isnan(found[1])


@pytest.mark.parametrize(("p", "error"), [([[0.1]], ShapeError), ([1.1], InputError), ([-0.1], InputError)])
def test_bad_input(p: list, error: type[Exception]) -> None:
    with pytest.raises(error):
        holm(p)
