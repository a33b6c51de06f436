import numpy as np
import pytest
from scipy import stats

from fluid.evaluation.studentized_range import critical_range, range_p


@pytest.mark.parametrize(("methods", "df"), [(3, 2), (3, 8), (4, 12), (8, 28), (20, 76)])
@pytest.mark.parametrize("q", [0.3, 3.5, 8.0])
def test_the_sum_agrees_with_scipys_integral(methods: int, df: int, q: float) -> None:
    assert range_p(q, methods, df) == pytest.approx(float(stats.studentized_range.sf(q, methods, df)), abs=1e-7)


@pytest.mark.parametrize(("methods", "df", "printed"), [(3, 6, 4.339), (4, 12, 4.199), (6, 20, 4.445), (10, 30, 4.824)])
def test_the_printed_tables(methods: int, df: int, printed: float) -> None:
    assert critical_range(0.95, methods, df) == pytest.approx(printed, abs=0.002)
    assert range_p(printed, methods, df) == pytest.approx(0.05, abs=1e-4)


def test_two_methods_are_students_t() -> None:
    assert range_p(3.0, 2, 7) == pytest.approx(stats.studentized_range.sf(3.0, 2, 7), rel=1e-5)
    assert critical_range(0.95, 2, 7) == pytest.approx(stats.studentized_range.ppf(0.95, 2, 7), rel=1e-5)


def test_limits() -> None:
    assert range_p(0, 4, 12) == pytest.approx(1)
    assert range_p(1e6, 4, 12) == 0
    assert range_p(np.inf, 3, 4) == 0
    assert 0 < range_p(300, 3, 2) < range_p(100, 3, 2) < 1e-3


def test_more_methods_and_a_higher_level_widen_the_interval() -> None:
    assert critical_range(0.95, 3, 8) < critical_range(0.95, 5, 8) < critical_range(0.99, 5, 8)
