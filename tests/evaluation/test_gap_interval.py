import numpy as np
import pytest
from scipy import stats

from fluid.errors import ShapeError
from fluid.evaluation.gap import gap_closed
from fluid.evaluation.gap_interval import gap_closed_interval
from fluid.seeding import numpy_stream

STUDENT = np.array([0.52, 0.55, 0.50, 0.53, 0.56])
TEACHERS = np.array([0.40, 0.42, 0.41, 0.38, 0.43])
POOLED = np.array([0.58, 0.61, 0.60, 0.57, 0.63])


def test_the_value_is_the_gap_between_the_means() -> None:
    found = gap_closed_interval(STUDENT, TEACHERS, POOLED)
    assert found.value == pytest.approx(gap_closed(STUDENT.mean(), TEACHERS.mean(), POOLED.mean()))
    assert found.low < found.value < found.high


@pytest.mark.parametrize("end", [1, 2])
def test_at_its_ends_the_t_test_of_the_share_is_just_significant(end: int) -> None:
    share = gap_closed_interval(STUDENT, TEACHERS, POOLED)[end]
    assert stats.ttest_1samp((STUDENT - TEACHERS) - share * (POOLED - TEACHERS), 0).pvalue == pytest.approx(0.05)


def test_a_fixed_gap_gives_the_t_interval() -> None:
    gained = np.array([0.1, 0.12, 0.09, 0.13])
    expected = stats.ttest_1samp(gained / 0.2, 0).confidence_interval(0.95)
    assert gap_closed_interval(gained, np.zeros(4), np.full(4, 0.2)) == pytest.approx(((gained / 0.2).mean(), expected.low, expected.high))


def test_it_covers_the_truth() -> None:
    rng, covered = numpy_stream(0, "test", "gap interval"), 0
    for _ in range(200):
        seeds = rng.normal(0, 0.03, 5)
        student, teachers, pooled = (true + seeds + rng.normal(0, 0.015, 5) for true in (0.52, 0.40, 0.60))
        _, low, high = gap_closed_interval(student, teachers, pooled)
        covered += low <= 0.6 <= high
    assert stats.binom.ppf(0.0005, 200, 0.95) <= covered <= stats.binom.ppf(0.9995, 200, 0.95)


def test_lower_is_better_works_alike() -> None:
    assert gap_closed_interval(-STUDENT, -TEACHERS, -POOLED) == pytest.approx(gap_closed_interval(STUDENT, TEACHERS, POOLED))


def test_a_gap_that_may_be_none_has_no_ends() -> None:
    found = gap_closed_interval(STUDENT, TEACHERS, TEACHERS + np.array([0.1, -0.1, 0.05, -0.05, 0.02]))
    assert np.isfinite(found.value)
    assert np.isnan([found.low, found.high]).all()


def test_no_gap_one_seed_and_missing_seeds() -> None:
    assert np.isnan(gap_closed_interval(STUDENT, TEACHERS, TEACHERS)).all()
    assert np.isnan(gap_closed_interval([], [], [])).all()
    one = gap_closed_interval([0.5], [0.4], [0.6])
    assert one.value == pytest.approx(0.5)
    assert np.isnan([one.low, one.high]).all()
    more = gap_closed_interval(np.append(STUDENT, 0.5), np.append(TEACHERS, np.nan), np.append(POOLED, 0.6))
    assert more == pytest.approx(gap_closed_interval(STUDENT, TEACHERS, POOLED))


def test_models_that_are_the_references_themselves() -> None:
    assert gap_closed_interval(POOLED, TEACHERS, POOLED) == pytest.approx((1, 1, 1))
    assert gap_closed_interval(TEACHERS, TEACHERS, POOLED) == pytest.approx((0, 0, 0), abs=1e-9)


def test_different_lengths_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"\(2,\), \(2,\), \(1,\)"):
        gap_closed_interval([1, 2], [1, 2], [1])
