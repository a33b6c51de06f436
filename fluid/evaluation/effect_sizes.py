"""How large is a difference between two methods, in units of its own scatter over seeds."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize, special, stats

from fluid.evaluation.bootstrap import Interval
from fluid.evaluation.paired_tests import paired_differences, same_difference

LARGE_T = 50.0


def cohens_d(values: ArrayLike, others: ArrayLike, level: float = 0.95) -> Interval:
    """Return the paired effect size d = mean(difference) / sd(difference), with the interval of the noncentral t distribution.

    It says how surely one method beats the other on another seed, not how much that matters: see `margin.verdict` for that.
    Limits: identical values give 0 with NaN ends; a difference that is the same (not 0) over all seeds gives ±inf.

    Shapes:
        values, others: (S,), the same seeds in the same order; S at least 2

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: There are fewer than two seeds, or a value is no finite number.

    References:
        Cohen: Statistical power analysis for the behavioral sciences (1988), section 2.3.5 (d_z).
        Cumming, Finch: A primer on the understanding, use, and calculation of confidence intervals that are based on central and
        noncentral distributions, Educ. Psychol. Meas. 61 (2001), doi:10.1177/0013164401614002.
    """
    difference = paired_differences(values, others)
    if same_difference(difference, values, others):
        return _scatterless_effect(float(difference.mean()))
    n = len(difference)
    d = float(difference.mean() / difference.std(ddof=1))
    low, high = noncentrality_interval(d * np.sqrt(n), n - 1, level)
    return Interval(d, low / np.sqrt(n), high / np.sqrt(n))


def hedges_g(values: ArrayLike, others: ArrayLike, level: float = 0.95) -> Interval:
    """Return `cohens_d` without its bias for few seeds: g = J d with J = Γ(ν/2) / (sqrt(ν/2) Γ((ν − 1)/2)), ν = S − 1.

    With two seeds J is 0 (the mean of d does not exist), so g is 0 or NaN there.

    Shapes:
        values, others: (S,), the same seeds in the same order; S at least 2

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: There are fewer than two seeds, or a value is no finite number.

    References:
        Hedges: Distribution theory for Glass's estimator of effect size and related estimators, J. Educ. Stat. 6 (1981),
        doi:10.3102/10769986006002107.
    """
    d = cohens_d(values, others, level)
    factor = small_sample_factor(len(np.asarray(values)) - 1)
    return Interval(*(factor * end for end in d))


def small_sample_factor(df: int) -> float:
    """Return Hedges' factor J for so many degrees of freedom; 0 for one."""
    return float(np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)) if df > 1 else 0.0


def noncentrality_interval(t: float, df: int, level: float = 0.95) -> tuple[float, float]:
    """Return the noncentralities at which a t so large, and one so small, has probability (1 − level)/2.

    Above |t| = 50 only the scatter of the standard deviation matters, and its chi distribution is used.
    """
    if abs(t) > LARGE_T:
        ends = t * np.sqrt(stats.chi2.ppf([(1 - level) / 2, (1 + level) / 2], df) / df)
        return float(ends.min()), float(ends.max())
    return _noncentrality(t, df, (1 + level) / 2), _noncentrality(t, df, (1 - level) / 2)


def _noncentrality(t: float, df: int, probability: float) -> float:
    def excess(noncentrality: float) -> float:  # falls with its argument
        below = float(stats.nct.cdf(t, df, noncentrality))  # NaN for some that are far from t, of the other sign: there it is 0 or 1
        return (below if np.isfinite(below) else float(noncentrality < t)) - probability

    width = 4.0
    while excess(t - width) < 0 or excess(t + width) > 0:
        width *= 2
    return float(optimize.brentq(excess, t - width, t + width, xtol=1e-10))


def _scatterless_effect(mean: float) -> Interval:
    if mean == 0:
        return Interval(0.0, float("nan"), float("nan"))
    return Interval(*[float(np.copysign(np.inf, mean))] * 3)
