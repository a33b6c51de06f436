import numpy as np
import pytest
from scipy import stats

from fluid.errors import InputError, ShapeError
from fluid.evaluation.paired_tests import paired_t_test, signed_rank_test

X, Y = np.array([0.80, 0.84, 0.79, 0.86, 0.83, 0.9]), np.array([0.78, 0.80, 0.80, 0.81, 0.80, 0.84])


def test_the_t_test_is_scipys() -> None:
    assert paired_t_test(X, Y) == pytest.approx(stats.ttest_rel(X, Y).pvalue)
    assert paired_t_test(Y, X) == paired_t_test(X, Y)


def test_signed_ranks_by_counting_all_signs() -> None:
    difference = np.array([0.02, 0.04, -0.01, 0.05, 0.03, 0.06])  # ranks 2, 4, 1, 5, 3, 6: the negative ones sum to 1
    signs = (np.arange(64)[:, None] >> np.arange(6)) & 1
    sums = signs @ stats.rankdata(np.abs(difference))
    expected = 2 * np.mean(sums <= 1)
    assert signed_rank_test(difference, np.zeros(6)) == pytest.approx(expected)


@pytest.mark.parametrize("seeds", [2, 5, 6])
def test_few_seeds_bound_the_signed_rank_test_from_below(seeds: int) -> None:
    assert signed_rank_test(np.arange(1.0, seeds + 1), np.zeros(seeds)) == pytest.approx(2.0 ** (1 - seeds))


def test_limits_without_scatter() -> None:
    assert paired_t_test(X, X) == signed_rank_test(X, X) == 1
    assert paired_t_test(X, X + 0.1) == 0
    assert paired_t_test(X, X + 1e-17) == 1


@pytest.mark.parametrize("test", [paired_t_test, signed_rank_test])
def test_bad_input(test) -> None:
    with pytest.raises(InputError, match="1 seed cannot be tested"):
        test([0.5], [0.6])
    with pytest.raises(InputError, match=r"seed number 1: values nan and 0.2"):
        test([0.5, np.nan], [0.6, 0.2])
    with pytest.raises(ShapeError, match=r"\(2,\) and others \(3,\)"):
        test([1, 2], [1, 2, 3])
