import numpy as np
import pytest
from scipy import stats

from fluid.errors import InputError
from fluid.evaluation.effect_sizes import cohens_d, hedges_g, noncentrality_interval, small_sample_factor
from fluid.seeding import numpy_stream

X, Y = np.array([0.80, 0.84, 0.79, 0.86, 0.83]), np.array([0.78, 0.80, 0.80, 0.81, 0.80])


def test_d_by_hand_and_its_interval_turns_with_the_sign() -> None:
    found = cohens_d(X, Y)
    assert found.value == pytest.approx(np.mean(X - Y) / np.std(X - Y, ddof=1))
    assert found.low < found.value < found.high
    back = cohens_d(Y, X)
    assert (-back.value, -back.high, -back.low) == pytest.approx(found)


def test_the_interval_leaves_out_zero_exactly_when_the_t_test_is_significant() -> None:
    level = 1 - stats.ttest_rel(X, Y).pvalue
    assert cohens_d(X, Y, level).low == pytest.approx(0, abs=1e-7)
    assert cohens_d(X, Y, level - 0.01).low > 0


@pytest.mark.parametrize("df", [2, 3, 4])
def test_the_ends_turn_with_the_sign_of_t_wherever_it_lies(df: int) -> None:
    for t in (0.1, 1.7, 7.302259927, 11.9, 24.3, 49.9):  # scipy's distribution is NaN at some of the places that are tried
        low, high = noncentrality_interval(t, df)
        assert noncentrality_interval(-t, df) == pytest.approx((-high, -low), abs=1e-6)
        assert low < t < high


def test_the_ends_are_the_noncentralities_that_give_so_extreme_a_t() -> None:
    low, high = noncentrality_interval(2.5, 4)
    assert stats.nct.sf(2.5, 4, low) == pytest.approx(0.025, abs=1e-6)
    assert stats.nct.cdf(2.5, 4, high) == pytest.approx(0.025, abs=1e-6)


def test_large_effects_use_the_limit_and_meet_the_exact_way() -> None:
    exact, limit = noncentrality_interval(50, 6), noncentrality_interval(50.0001, 6)
    assert limit == pytest.approx(exact, rel=0.005)
    assert noncentrality_interval(1e9, 6)[0] > 1e8


def test_the_interval_covers_the_true_effect() -> None:
    rng, true = numpy_stream(0, "test", "effect size"), 0.8
    draws = rng.normal(true, 1, (200, 6))
    covered = sum(low <= true <= high for _, low, high in (cohens_d(row, np.zeros(6)) for row in draws))
    assert stats.binom.ppf(0.0005, 200, 0.95) <= covered <= stats.binom.ppf(0.9995, 200, 0.95)


def test_g_takes_off_the_bias_of_few_seeds() -> None:
    assert small_sample_factor(4) == pytest.approx(1 - 3 / (4 * 4 - 1), abs=0.003)  # Hedges' own approximation
    assert small_sample_factor(100_000) == pytest.approx(1, abs=1e-5)
    d, g = cohens_d(X, Y), hedges_g(X, Y)
    assert np.array(g) == pytest.approx(small_sample_factor(4) * np.array(d))
    draws = numpy_stream(1, "test", "effect size").normal(0.8, 1, (20_000, 5))
    raw = (draws.mean(axis=1) / draws.std(axis=1, ddof=1)).mean()
    assert raw > 0.95
    assert small_sample_factor(4) * raw == pytest.approx(0.8, abs=0.02)


def test_limits_without_scatter() -> None:
    same = cohens_d(X, X)
    assert same.value == 0
    assert np.isnan([same.low, same.high]).all()
    assert cohens_d(X, X - 0.1) == (np.inf,) * 3
    assert hedges_g(X, X + 0.1) == (-np.inf,) * 3


def test_one_seed_is_refused() -> None:
    with pytest.raises(InputError, match="1 seed cannot be tested"):
        hedges_g([1.0], [2.0])
