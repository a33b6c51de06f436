"""How well scores tell members from non-members, and how surely that is known.

Higher scores say "member". `n1` members and `n0` non-members are compared; all intervals are of level `1 − α`, two-sided.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq
from scipy.stats import beta, binom, binomtest, norm

from fluid.evaluation import weighted

POINTS = 201
"""Quantiles of the unknown true false-positive rate over which tests average."""
EDGE = 1e-9
"""How near 0 and 1 the ends of an interval are looked for."""
SEEN = 0.8
"""Share of audits in which the smallest effect that can be seen would be seen."""


class Measured(NamedTuple):
    """A number with the ends of its interval."""

    value: float
    low: float
    high: float


def auc(members: np.ndarray, non_members: np.ndarray) -> float:
    """Return the probability that a member's score is above a non-member's, ties half (Mann-Whitney)."""
    scores = np.concatenate([members, non_members])
    return float(weighted.auroc(scores, (np.arange(len(scores)) < len(members)).astype(float), np.ones((1, len(scores))))[0])


def auc_error(value: float, n1: int, n0: int) -> float:
    """Return the standard error of an AUC as Newcombe has it, for which both groups count alike.

    `sqrt(θ(1 − θ)(1 + (n* − 1)((1 − θ)/(2 − θ) + θ/(1 + θ))) / (n1 n0))`, `n* = (n1 + n0) / 2`.

    References:
        Newcombe, *Statistics in Medicine* 25, 2006, doi:10.1002/sim.2324, method 5.
    """
    spread = (1 - value) / (2 - value) + value / (1 + value)
    return float(np.sqrt(value * (1 - value) * (1 + ((n1 + n0) / 2 - 1) * spread) / (n1 * n0)))


def auc_measured(members: np.ndarray, non_members: np.ndarray, alpha: float = 0.05) -> Measured:
    """Return the AUC with an interval that also holds near 0 and 1: all values that are no more than `z` of their own errors away.

    References:
        As `auc_error`.
    """
    found, z, n1, n0 = auc(members, non_members), float(norm.isf(alpha / 2)), len(members), len(non_members)

    def beyond(value: float) -> float:
        return abs(value - found) - z * auc_error(value, n1, n0)

    inside = min(max(found, EDGE), 1 - EDGE)
    low = brentq(beyond, EDGE / 2, inside) if beyond(EDGE / 2) > 0 else 0.0
    high = brentq(beyond, inside, 1 - EDGE / 2) if beyond(1 - EDGE / 2) > 0 else 1.0
    return Measured(found, float(low), float(high))


def above_threshold(members: np.ndarray, non_members: np.ndarray, fpr: float, generator: np.random.Generator) -> tuple[int, int]:
    """Return how many members lie above the highest threshold's `k` non-members, and `k = ⌊fpr · n0⌋`; ties are broken at random.

    Coarse scores have no threshold at most rates; broken ties give what the line between two points of the ROC curve gives, on average.
    """
    k = int(np.floor(fpr * len(non_members) + 1e-9))
    scores = np.concatenate([members, non_members])
    order = np.lexsort((generator.random(len(scores)), -scores))
    is_member = order < len(members)
    last = np.flatnonzero(~is_member)[k] if k < len(non_members) else len(scores)
    return int(is_member[:last].sum()), k


def chance_of_more(found: int, k: int, n1: int, n0: int, ratio: np.ndarray | float) -> np.ndarray:
    """Return the probability of `found` or more members above the threshold if a member is `ratio` times as likely there as a non-member.

    The true false-positive rate at the `k + 1`-th highest of `n0` non-members is `Beta(k + 1, n0 − k)`; given it, the members above are
    binomial. With a ratio of 1 this is the exact permutation test.

    Args:
        found: Members above the threshold.
        k: Non-members above it.
        n1: Members.
        n0: Non-members.
        ratio: Numbers, 0 or more.
    """
    rates = beta.ppf((np.arange(POINTS) + 0.5) / POINTS, k + 1, n0 - k)
    chance: np.ndarray = binom.sf(found - 1, n1, np.minimum(1.0, np.multiply.outer(np.asarray(ratio, dtype=float), rates))).mean(axis=-1)
    return chance


def tpr_measured(members: np.ndarray, non_members: np.ndarray, fpr: float, generator: np.random.Generator, alpha: float = 0.05) -> Measured:
    """Return the true-positive rate at a false-positive rate, with an interval that knows that the threshold was estimated too.

    The interval holds every rate `ratio · fpr` that the counts do not speak against (`chance_of_more`). Where there are fewer than
    `1 / fpr` non-members, the threshold is the highest of them, at a higher rate: the low end still holds, since a ROC curve is steepest at
    its beginning.
    """
    found, k = above_threshold(members, non_members, fpr, generator)
    n1, n0 = len(members), len(non_members)
    most = 1 / fpr

    def too_many(ratio: float) -> float:
        return float(chance_of_more(found, k, n1, n0, ratio)) - alpha / 2

    def too_few(ratio: float) -> float:
        return 1 - float(chance_of_more(found + 1, k, n1, n0, ratio)) - alpha / 2

    low = 0.0 if not found else brentq(too_many, 0.0, most) if too_many(most) > 0 else most
    high = most if too_few(most) > 0 else brentq(too_few, 0.0, most)
    return Measured(found / n1, min(1.0, float(low) * fpr), min(1.0, float(high) * fpr))


def clopper_pearson(found: int, n: int, alpha: float = 0.05) -> Measured:
    """Return a share with its exact interval (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404)."""
    ends = binomtest(found, n).proportion_ci(1 - alpha, "exact")
    return Measured(found / n, float(ends.low), float(ends.high))


def smallest_auc(n1: int, n0: int, alpha: float = 0.05, above: float = 0.5) -> float:
    """Return the smallest AUC of which the interval would lie above a bound in 80 % of audits of as many molecules; 1 if none would."""
    z = float(norm.isf(alpha / 2))

    def short(value: float) -> float:
        return value - above - z * auc_error(above, n1, n0) - float(norm.ppf(SEEN)) * auc_error(value, n1, n0)

    return float(brentq(short, above, 1.0)) if short(1.0) > 0 else 1.0


def smallest_tpr(n1: int, n0: int, fpr: float, alpha: float = 0.05, above: float = 0.0) -> float:
    """Return the smallest true-positive rate at a false-positive rate that would be told from a bound in 80 % of audits; 1 if none would.

    Args:
        n1: Members.
        n0: Non-members.
        fpr: False-positive rate.
        alpha: Level.
        above: The bound; by default chance, `fpr` itself.
    """
    k, ratio = int(np.floor(fpr * n0 + 1e-9)), max(above, fpr) / fpr
    rates = beta.ppf((np.arange(POINTS) + 0.5) / POINTS, k + 1, n0 - k)
    counts = np.arange(n1 + 1)
    by_chance = binom.sf(counts[:, None] - 1, n1, np.minimum(1.0, ratio * rates[None, ::5])).mean(axis=1)
    enough = np.flatnonzero(by_chance <= alpha / 2)
    if not len(enough):
        return 1.0

    def short(value: float) -> float:
        return float(binom.sf(enough[0] - 1, n1, np.minimum(1.0, value / fpr * rates)).mean()) - SEEN

    return float(brentq(short, fpr, 1.0)) if short(1.0) > 0 > short(fpr) else 1.0
