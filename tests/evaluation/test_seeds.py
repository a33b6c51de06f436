import numpy as np
import pytest
from scipy import stats

from fluid.errors import ShapeError
from fluid.evaluation.seeds import paired_seeds_interval

VALUES, OTHERS = np.array([0.80, 0.84, 0.79, 0.86]), np.array([0.78, 0.80, 0.80, 0.81])


def test_interval_equals_the_paired_t_test():
    expected = stats.ttest_rel(VALUES, OTHERS).confidence_interval(0.95)
    found = paired_seeds_interval(VALUES, OTHERS)
    assert found == pytest.approx(((VALUES - OTHERS).mean(), expected.low, expected.high))


def test_a_seed_that_failed_is_left_out_in_pairs():
    values = np.append(VALUES, np.nan)
    assert paired_seeds_interval(values, np.append(OTHERS, 0.1)) == paired_seeds_interval(VALUES, OTHERS)


def test_one_seed_has_a_value_and_no_ends_and_none_has_nothing():
    one = paired_seeds_interval([0.5], [0.25])
    assert one.value == 0.25
    assert np.isnan([one.low, one.high]).all()
    assert np.isnan(paired_seeds_interval([], [])).all()


def test_different_lengths_are_refused():
    with pytest.raises(ShapeError, match=r"\(2,\) and others \(1,\)"):
        paired_seeds_interval([1, 2], [1])
