"""Repeated-measures analysis of variance: does any method differ from the others, seen over the same seeds?"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from fluid.evaluation.replicates import Array, complete_matrix, negligible_difference


class Anova(NamedTuple):
    """What the analysis found.

    Attributes:
        f: Mean square of methods over mean square of the error.
        df_methods: G − 1.
        df_error: (S − 1)(G − 1).
        p: Probability of such an `f` if all methods were equal and all pairs of methods equally variable (sphericity).
        mean_square_error: Of what neither methods nor blocks explain; `tukey_hsd` builds on it.
        epsilon: Greenhouse and Geisser's measure of sphericity, 1/(G − 1) to 1; NaN without an error.
        p_corrected: The same with degrees of freedom times `epsilon`; equals `p` for two methods.
    """

    f: float
    df_methods: int
    df_error: int
    p: float
    mean_square_error: float
    epsilon: float
    p_corrected: float


def repeated_measures_anova(values: ArrayLike) -> Anova:
    """Analyse one metric of G methods over S blocks (seeds or splits).

    Limits: identical methods give `f` = 0, `p` = 1; methods that differ by the same amounts in every block (no error) give
    `f` = inf, `p` = 0.

    Shapes:
        values: (S, G), both at least 2

    Raises:
        ShapeError: The values are no matrix.
        InputError: There is one block or one method, or a value is no finite number.

    References:
        Greenhouse, Geisser: On methods in the analysis of profile data, Psychometrika 24 (1959), doi:10.1007/BF02289823.
        Ash et al.: Practically significant method comparison protocols for machine learning in small molecule drug discovery,
        J. Chem. Inf. Model. (2025).
    """
    x = complete_matrix(values)
    blocks, methods = x.shape
    df_methods, df_error = methods - 1, (blocks - 1) * (methods - 1)
    between = blocks * ((x.mean(axis=0) - x.mean()) ** 2).sum() / df_methods
    error = mean_square_error(x)
    if error == 0:
        differ = np.ptp(x.mean(axis=0)) > negligible_difference(x)
        f, p = (float("inf"), 0.0) if differ else (0.0, 1.0)
        return Anova(f, df_methods, df_error, p, 0.0, float("nan"), p)
    f, epsilon = float(between / error), sphericity(x)
    p, corrected = (float(stats.f.sf(f, factor * df_methods, factor * df_error)) for factor in (1.0, epsilon))
    return Anova(f, df_methods, df_error, p, error, epsilon, corrected)


def mean_square_error(values: Array) -> float:
    """Return the mean square of what remains after the means of methods and blocks; exactly 0 when it is rounding.

    Shapes:
        values: (S, G)
    """
    blocks, methods = values.shape
    rest = values - values.mean(axis=0) - values.mean(axis=1, keepdims=True) + values.mean()
    if np.abs(rest).max() <= negligible_difference(values):
        return 0.0
    return float((rest**2).sum() / ((blocks - 1) * (methods - 1)))


def sphericity(values: Array) -> float:
    """Return Greenhouse and Geisser's epsilon, tr(C)² / ((G − 1) tr(C²)) with the double-centred covariance C of the methods.

    Shapes:
        values: (S, G)
    """
    centred = values - values.mean(axis=1, keepdims=True)
    covariance = np.cov(centred, rowvar=False)
    return float(np.trace(covariance) ** 2 / ((values.shape[1] - 1) * (covariance**2).sum()))
