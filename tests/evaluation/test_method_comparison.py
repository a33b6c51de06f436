"""The whole protocol: is it silent when nothing differs, and does it see what does?"""

import numpy as np
import pytest
from scipy import stats

from fluid.evaluation.anova import repeated_measures_anova
from fluid.evaluation.method_comparison import Comparison, compare_methods
from fluid.evaluation.replicates import Replicates
from fluid.evaluation.tukey import tukey_hsd
from fluid.seeding import numpy_stream

RESAMPLES = 200
FEWEST, MOST = (int(stats.binom.ppf(tail, RESAMPLES, 0.05)) for tail in (0.0005, 0.9995))


def simulated(name: str, effects: tuple[float, ...], seeds: int = 5) -> np.ndarray:
    """Return MCC of methods over seeds, `(200, S, G)`: a seed makes all better or worse alike (correlation 0.9), the rest is noise."""
    rng = numpy_stream(6, "test", "method comparison", name)
    of_seed = rng.normal(0, 0.03, (RESAMPLES, seeds, 1))
    return 0.4 + of_seed + rng.normal(0, 0.01, (RESAMPLES, seeds, len(effects))) + effects


def compared(values: np.ndarray, **settings: object) -> Comparison:
    blocks, methods = values.shape
    return compare_methods(Replicates(tuple(map(str, range(blocks))), tuple("abcdefgh"[:methods]), values), **settings)


@pytest.mark.parametrize("methods", [2, 4])
def test_the_same_recipe_again_is_significant_in_five_per_cent(methods: int) -> None:
    draws = simulated(f"null {methods}", (0.0,) * methods)
    by_anova = sum(repeated_measures_anova(values).p < 0.05 for values in draws)
    by_tukey = sum(min(pair.p for pair in tukey_hsd(values)) < 0.05 for values in draws)
    assert (FEWEST, MOST) == (2, 21)
    assert FEWEST <= by_anova <= MOST
    assert FEWEST <= by_tukey <= MOST  # the whole family of pairs, not each


def test_a_real_difference_is_seen() -> None:
    draws = simulated("power", (0.0, 0.0, 0.04))
    found = [{(pair.first, pair.second): pair for pair in tukey_hsd(values)} for values in draws]
    assert np.mean([pairs[0, 2].p < 0.05 and pairs[0, 2].high < 0 for pairs in found]) > 0.95
    assert np.mean([pairs[0, 1].p < 0.05 for pairs in found]) < 0.1


def test_without_pairing_the_same_difference_would_be_missed() -> None:
    draws = simulated("power", (0.0, 0.04))
    paired = np.mean([repeated_measures_anova(values).p < 0.05 for values in draws])
    unpaired = np.mean([stats.ttest_ind(values[:, 0], values[:, 1]).pvalue < 0.05 for values in draws])
    assert paired > 0.9
    assert unpaired < 0.6


def test_more_seeds_prove_the_null_equivalent() -> None:
    draws = simulated("equivalence", (0.0, 0.0), seeds=10)[:50]
    verdicts = [compared(values, margin=0.02).pairs[0].verdict for values in draws]
    assert verdicts.count("equivalent") > 40
    assert set(verdicts) <= {"equivalent", "undecided", "better", "worse"}


def test_letters_means_and_verdicts_tell_one_story() -> None:
    found = compared(simulated("story", (0.0, 0.002, 0.15), seeds=6)[0], margin=0.02)
    assert found.letters == {"a": "b", "b": "b", "c": "a"}
    assert max(found.means, key=found.means.__getitem__) == "c"
    pairs = {(pair.first, pair.second): pair for pair in found.pairs}
    assert pairs["a", "c"].verdict == pairs["b", "c"].verdict == "practically worse"
    assert pairs["a", "b"].p > 0.05
    assert pairs["a", "c"].p_t < 0.001
    assert pairs["a", "c"].p_signed_rank == pytest.approx(2**-5)
    assert pairs["a", "c"].g.high < 0
    assert not found.identical


def test_where_lower_is_better_letters_and_verdicts_turn() -> None:
    values = simulated("story", (0.0, 0.15), seeds=6)[0]
    found = compared(values, higher_is_better=False)
    assert found.letters == {"a": "a", "b": "b"}
    assert found.pairs[0].verdict == "better"
    assert compared(values).pairs[0].verdict == "worse"


def test_identical_methods_are_said_to_be_identical() -> None:
    found = compared(np.repeat([[0.3], [0.4], [0.5]], 2, axis=1), margin=0.02)
    assert found.identical
    assert found.letters == {"a": "a", "b": "a"}
    assert (found.pairs[0].p, found.pairs[0].verdict) == (1, "equivalent")
    apart = compared(np.array([[0.3, 0.4], [0.4, 0.5], [0.5, 0.6]]), margin=0.02)
    assert not apart.identical
    assert apart.pairs[0].verdict == "practically worse"
