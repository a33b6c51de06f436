import numpy as np
import pytest
from scipy import stats

from fluid.errors import InputError, ShapeError
from fluid.evaluation.anova import repeated_measures_anova

# Five people's reaction times under four drugs: Winer, Statistical principles in experimental design (1971), chapter 4
DRUGS = np.array([[30, 28, 16, 34], [14, 18, 10, 22], [24, 20, 18, 30], [38, 34, 20, 44], [26, 28, 14, 30]], dtype=float)


def test_the_worked_example_of_winers_textbook() -> None:
    found = repeated_measures_anova(DRUGS)
    assert (found.df_methods, found.df_error) == (3, 12)
    assert found.f == pytest.approx(24.76, abs=0.005)
    assert found.mean_square_error == pytest.approx(9.40, abs=0.005)
    assert found.p == pytest.approx(stats.f.sf(232.733 / 9.4, 3, 12), rel=1e-4)
    assert found.epsilon == pytest.approx(0.605, abs=0.0005)
    assert found.p < found.p_corrected < 0.001


def test_two_methods_are_the_paired_t_test() -> None:
    two = DRUGS[:, :2] + [[0.0, 3.0]]
    expected = stats.ttest_rel(two[:, 0], two[:, 1])
    found = repeated_measures_anova(two)
    assert found.f == pytest.approx(expected.statistic**2)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.epsilon == pytest.approx(1)
    assert found.p_corrected == pytest.approx(found.p)


def test_what_a_block_does_to_all_methods_cancels_out() -> None:
    shifted = DRUGS + np.array([[0], [1000], [-5], [3], [70]])
    assert repeated_measures_anova(shifted) == pytest.approx(repeated_measures_anova(DRUGS))
    assert repeated_measures_anova(DRUGS[::-1, ::-1]) == pytest.approx(repeated_measures_anova(DRUGS))


def test_epsilon_lies_between_its_bounds() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert 1 / 3 <= repeated_measures_anova(rng.normal(size=(6, 4))).epsilon <= 1
    one_direction = np.outer([1.0, -1, 2, 0.5], [1, -1, 0.5]) + np.array([0, 0, 0.1])
    assert repeated_measures_anova(one_direction).epsilon == pytest.approx(0.5)


def test_limits_without_scatter() -> None:
    same = np.repeat([[0.7], [0.8], [0.75]], 3, axis=1)
    assert repeated_measures_anova(same)[:5] == (0, 2, 4, 1, 0)
    apart = repeated_measures_anova(same + np.array([0, 0.1, 0.2]))
    assert (apart.f, apart.p, apart.p_corrected) == (np.inf, 0, 0)


@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ([[1.0, 2.0]], InputError, r"1 block"),
        ([[1.0], [2.0]], InputError, r"1 method cannot"),
        ([1.0, 2.0], ShapeError, r"shape \(2,\), expected \(blocks, methods\)"),
        ([[1.0, 2.0], [np.nan, 1.0]], InputError, r"block 1, method 0 is nan"),
    ],
)
def test_bad_input(values: list, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        repeated_measures_anova(values)
