import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.evaluation.gap import gap_closed


@pytest.mark.parametrize(
    ("x", "teacher_mean", "pooled", "expected"),
    [(0.524, 0.330, 0.582, 0.77), (0.357, 0.256, 0.526, 0.37), (0.552, 0.330, 0.582, 0.88), (0.360, 0.256, 0.526, 0.39)],
)
def test_the_figures_of_the_paper(x, teacher_mean, pooled, expected):
    assert gap_closed(x, teacher_mean, pooled) == pytest.approx(expected, abs=0.005)


@given(teacher_mean=st.floats(0, 0.5), gap=st.floats(0.01, 0.5))
def test_the_ends_are_nought_and_one(teacher_mean, gap):
    pooled = teacher_mean + gap
    assert gap_closed(teacher_mean, teacher_mean, pooled) == 0
    assert gap_closed(pooled, teacher_mean, pooled) == 1
    assert gap_closed(teacher_mean - gap, teacher_mean, pooled) < 0


def test_lower_is_better_works_alike():
    assert gap_closed(0.6, 0.7, 0.5) == pytest.approx(0.5)


@pytest.mark.parametrize("pooled", [0.5, 0.5 + 5e-10])
def test_no_gap_is_nan(pooled):
    assert math.isnan(gap_closed(0.6, 0.5, pooled))


@pytest.mark.parametrize("position", range(3))
def test_nan_stays_nan(position):
    values = [0.6, 0.5, 0.7]
    values[position] = math.nan
    assert math.isnan(gap_closed(*values))
