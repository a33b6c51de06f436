"""Compare two protocols over repeated seeds."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from fluid.errors import ShapeError
from fluid.evaluation.bootstrap import Interval


def paired_seeds_interval(values: ArrayLike, others: ArrayLike, level: float = 0.95) -> Interval:
    """Return the mean difference `values − others` over seeds with its Student t-interval.

    Seeds where either is NaN are left out; with fewer than two seeds the ends are NaN, with none the mean is NaN too.

    Shapes:
        values, others: (S,), the same seeds in the same order

    Raises:
        ShapeError: The two are not vectors of equal length.
    """
    x, y = np.asarray(values, dtype=np.float64), np.asarray(others, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeError(f"values have shape {x.shape} and others {y.shape}, expected two vectors of equal length")
    difference = (x - y)[~np.isnan(x - y)]
    if len(difference) < 2:
        return Interval(float(difference[0]) if len(difference) else float("nan"), float("nan"), float("nan"))
    mean = float(difference.mean())
    half = float(stats.t.ppf((1 + level) / 2, len(difference) - 1) * difference.std(ddof=1) / np.sqrt(len(difference)))
    return Interval(mean, mean - half, mean + half)
