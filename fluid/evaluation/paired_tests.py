"""Two methods over the same seeds: Student's paired t test and Wilcoxon's signed rank test, as a check of Tukey's."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from fluid.errors import InputError, ShapeError
from fluid.evaluation.replicates import Array, negligible_difference


def paired_differences(values: ArrayLike, others: ArrayLike) -> Array:
    """Return `values − others` over seeds; what is only rounding is exactly 0.

    Shapes:
        values, others: (S,), the same seeds in the same order; S at least 2

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: There are fewer than two seeds, or a value is no finite number.
    """
    x, y = np.asarray(values, dtype=np.float64), np.asarray(others, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeError(f"values have shape {x.shape} and others {y.shape}, expected two vectors of equal length")
    if len(x) < 2:
        raise InputError(f"{len(x)} seed cannot be tested", expected="at least 2 seeds")
    broken = np.flatnonzero(~np.isfinite(x - y))
    if len(broken):
        raise InputError(f"values {x[broken[0]]} and {y[broken[0]]}", where=f"seed number {broken[0]}", expected="finite numbers")
    difference = x - y
    difference[np.abs(difference) <= max(negligible_difference(x), negligible_difference(y))] = 0.0
    return difference


def same_difference(difference: Array, *of: ArrayLike) -> bool:
    """Return whether differences do not vary over seeds, apart from the rounding of the values that they are differences of."""
    return bool(np.ptp(difference) <= 2 * max(map(negligible_difference, of)))


def paired_t_test(values: ArrayLike, others: ArrayLike) -> float:
    """Return the two-sided p value of Student's paired t test.

    Limits: p = 1 for identical values, 0 for a difference that is the same (not 0) over all seeds.

    Shapes:
        values, others: (S,), the same seeds in the same order; S at least 2

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: There are fewer than two seeds, or a value is no finite number.
    """
    difference = paired_differences(values, others)
    if same_difference(difference, values, others):
        return 0.0 if difference.any() else 1.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)


def signed_rank_test(values: ArrayLike, others: ArrayLike) -> float:
    """Return the two-sided p value of Wilcoxon's signed rank test, exact for few seeds; 1 for identical values.

    With S seeds it cannot be below 2^(1 − S): five seeds never reach 0.05, six do.

    Shapes:
        values, others: (S,), the same seeds in the same order; S at least 2

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: There are fewer than two seeds, or a value is no finite number.

    References:
        Wilcoxon: Individual comparisons by ranking methods, Biometrics Bulletin 1 (1945), doi:10.2307/3001968.
    """
    difference = paired_differences(values, others)
    return float(stats.wilcoxon(difference).pvalue) if difference.any() else 1.0
