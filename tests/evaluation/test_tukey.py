import numpy as np
import pytest
from scipy import stats

from fluid.errors import InputError
from fluid.evaluation.tukey import tukey_hsd
from tests.evaluation.test_anova import DRUGS


def test_the_worked_example_by_the_printed_table_of_the_studentised_range() -> None:
    half = 4.20 * np.sqrt(9.4 / 5)  # q(0.05; 4, 12) = 4.20 in the tables; 5.76 seconds
    found = {(pair.first, pair.second): pair for pair in tukey_hsd(DRUGS)}
    assert len(found) == 6
    means = DRUGS.mean(axis=0)
    for (first, second), pair in found.items():
        assert pair.difference == pytest.approx(means[first] - means[second])
        assert (pair.low, pair.high) == pytest.approx((pair.difference - half, pair.difference + half), abs=0.01)
        assert (pair.p < 0.05) == (abs(pair.difference) > half) == (pair.low > 0 or pair.high < 0)
    assert [key for key, pair in found.items() if pair.p >= 0.05] == [(0, 1), (0, 3)]  # 0.8 and 5.6 s apart


def test_two_methods_are_the_paired_t_test() -> None:
    (pair,) = tukey_hsd(DRUGS[:, [0, 2]])
    expected = stats.ttest_rel(DRUGS[:, 0], DRUGS[:, 2])
    interval = expected.confidence_interval(0.95)
    assert pair[2:] == pytest.approx((10.8, interval.low, interval.high, expected.pvalue))


def test_blocks_cancel_out_and_order_turns_signs() -> None:
    plain = tukey_hsd(DRUGS[:, :3])
    shifted = tukey_hsd(DRUGS[:, :3] + np.array([[0], [1000], [-5], [3], [70]]))
    for one, other in zip(plain, shifted, strict=True):
        assert other == pytest.approx(one)
    turned = {(pair.second, pair.first): pair for pair in tukey_hsd(DRUGS[:, 2::-1])}
    for pair in plain:
        other = turned[2 - pair.first, 2 - pair.second]
        assert (-other.difference, -other.high, -other.low, other.p) == pytest.approx((pair.difference, pair.low, pair.high, pair.p))


def test_limits_without_scatter() -> None:
    same = np.repeat([[0.7], [0.8], [0.75]], 3, axis=1)
    assert [pair[2:] for pair in tukey_hsd(same)] == [(0, 0, 0, 1)] * 3
    first, *_ = tukey_hsd(same + np.array([0.1, 0, 0]))
    assert (first.difference, first.low, first.high) == pytest.approx((0.1, 0.1, 0.1))
    assert first.p == 0


def test_next_to_no_scatter_is_no_error() -> None:
    pairs = tukey_hsd(np.array([[0, 1, 2.0], [0, 1, 2 + 1e-6], [0, 1, 2 - 1e-6]]))
    assert all(pair.p < 1e-6 for pair in pairs)


def test_one_seed_is_refused() -> None:
    with pytest.raises(InputError, match="1 block"):
        tukey_hsd([[0.1, 0.2, 0.3]])
