"""Tukey's honestly significant difference on repeated measures: which methods differ from which, with simultaneous intervals."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fluid.evaluation.anova import mean_square_error
from fluid.evaluation.replicates import complete_matrix, negligible_difference
from fluid.evaluation.studentized_range import critical_range, range_p


class PairDifference(NamedTuple):
    """Two methods: numbers of their columns, mean difference first − second, its simultaneous interval, adjusted p value."""

    first: int
    second: int
    difference: float
    low: float
    high: float
    p: float


def tukey_hsd(values: ArrayLike, level: float = 0.95) -> list[PairDifference]:
    """Compare all pairs of G methods over S blocks (seeds or splits).

    q = |difference| / sqrt(MSE / S) against the studentised range of G means with (S − 1)(G − 1) degrees of freedom, MSE being that of
    the repeated-measures analysis: what a block does to all methods alike cancels out. With two methods it is the paired t test. The
    one error of all pairs assumes that their differences vary alike (`Anova.epsilon` near 1); if not, look at the paired t test too.

    Limits: without an error the interval is the difference itself, and p is 0, or 1 if there is no difference.

    Args:
        values: One metric.
        level: Joint coverage of all intervals.

    Shapes:
        values: (S, G), both at least 2

    Raises:
        ShapeError: The values are no matrix.
        InputError: There is one block or one method, or a value is no finite number.

    References:
        Tukey: The problem of multiple comparisons (1953). Ash et al. (2025), see `repeated_measures_anova`.
    """
    x = complete_matrix(values)
    blocks, methods = x.shape
    df, scale = (blocks - 1) * (methods - 1), float(np.sqrt(mean_square_error(x) / blocks))
    half = scale * critical_range(level, methods, df) if scale else 0.0
    found = []
    for first, second in combinations(range(methods), 2):
        difference = float((x[:, first] - x[:, second]).mean())
        if abs(difference) <= negligible_difference(x):
            difference, p = 0.0, 1.0
        else:
            p = range_p(abs(difference) / scale, methods, df) if scale else 0.0
        found.append(PairDifference(first, second, difference, difference - half, difference + half, p))
    return found
