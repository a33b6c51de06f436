"""The whole comparison of several methods over the same seeds, as the method-comparison guideline asks for it."""

from dataclasses import dataclass

import numpy as np

from fluid.evaluation.anova import Anova, repeated_measures_anova
from fluid.evaluation.bootstrap import Interval
from fluid.evaluation.effect_sizes import hedges_g
from fluid.evaluation.letters import compact_letters
from fluid.evaluation.margin import verdict
from fluid.evaluation.paired_tests import paired_t_test, signed_rank_test
from fluid.evaluation.replicates import Replicates
from fluid.evaluation.tukey import PairDifference, tukey_hsd


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """Two methods.

    Attributes:
        first: Name of the one.
        second: Name of the other.
        difference: Mean of first − second with Tukey's simultaneous interval.
        p: Tukey's p value, corrected for all pairs.
        p_t: That of the paired t test, for this pair alone.
        p_signed_rank: That of Wilcoxon's test, for this pair alone.
        g: Hedges' g with its interval, for this pair alone.
        verdict: What the interval says against the margin, of the first method.
    """

    first: str
    second: str
    difference: Interval
    p: float
    p_t: float
    p_signed_rank: float
    g: Interval
    verdict: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several methods over the same seeds.

    Attributes:
        blocks: The seeds.
        means: Mean of each method, by name.
        letters: Letters of each method; those who share one are not told apart.
        anova: Whether any differ.
        pairs: Each two of them.
        identical: Whether all methods have the same values (what is compared does not touch this model).
    """

    blocks: tuple[str, ...]
    means: dict[str, float]
    letters: dict[str, str]
    anova: Anova
    pairs: tuple[ComparedPair, ...]
    identical: bool


def compare_methods(replicates: Replicates, margin: float | None = None, higher_is_better: bool = True, level: float = 0.95) -> Comparison:
    """Compare all methods with each other.

    The replicates share test molecules, so the intervals speak of retraining on other seeds and splits, not of other molecules.

    Args:
        replicates: One metric.
        margin: The smallest difference that matters, see `margin.verdict`.
        higher_is_better: Whether a larger metric is better.
        level: Joint coverage of the intervals; a pair is told apart at p < 1 − level.

    Raises:
        InputError: The margin is not above 0.

    References:
        Ash et al.: Practically significant method comparison protocols for machine learning in small molecule drug discovery,
        J. Chem. Inf. Model. (2025).
    """
    names, means = replicates.methods, replicates.values.mean(axis=0)
    order = [int(i) for i in np.argsort(-means if higher_is_better else means, kind="stable")]
    tukey = tukey_hsd(replicates.values, level)
    letters = compact_letters(order, [(pair.first, pair.second) for pair in tukey if pair.p < 1 - level])
    anova = repeated_measures_anova(replicates.values)
    return Comparison(
        blocks=replicates.blocks,
        means=dict(zip(names, map(float, means), strict=True)),
        letters=dict(zip(names, letters, strict=True)),
        anova=anova,
        pairs=tuple(_pair(replicates, pair, margin, higher_is_better, level) for pair in tukey),
        identical=anova.mean_square_error == 0 and anova.p == 1,
    )


def _pair(replicates: Replicates, pair: PairDifference, margin: float | None, higher_is_better: bool, level: float) -> ComparedPair:
    columns = replicates.values[:, pair.first], replicates.values[:, pair.second]
    p_t, p_signed_rank = (test(*columns) for test in (paired_t_test, signed_rank_test))
    return ComparedPair(
        first=replicates.methods[pair.first],
        second=replicates.methods[pair.second],
        difference=Interval(pair.difference, pair.low, pair.high),
        p=pair.p,
        p_t=p_t,
        p_signed_rank=p_signed_rank,
        g=hedges_g(*columns, level=level),
        verdict=verdict(pair.low, pair.high, margin, higher_is_better),
    )
