"""The gap closed over several seeds, with its interval."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from fluid.errors import ShapeError
from fluid.evaluation.bootstrap import Interval
from fluid.evaluation.gap import MIN_GAP


def gap_closed_interval(values: ArrayLike, teacher_means: ArrayLike, pooled: ArrayLike, level: float = 0.95) -> Interval:
    """Return mean(x − teacher mean) / mean(pooled − teacher mean), paired over seeds, with Fieller's interval.

    A ratio of means, unlike the mean of ratios, is not thrown about by one seed with a small gap. The interval counts the scatter of
    all three and their correlation. Seeds where one is NaN are left out. Ends are NaN with fewer than two seeds, and when the gap
    itself is not told apart from 0 (any share would be possible); all is NaN without a gap.

    Args:
        values: Metric of the student or hybrid.
        teacher_means: Mean of the metric over the teachers.
        pooled: Metric of the pooled teacher.
        level: Coverage.

    Shapes:
        values, teacher_means, pooled: (S,), the same seeds in the same order

    Raises:
        ShapeError: The three are not vectors of equal length.

    References:
        Fieller: Some problems in interval estimation, J. R. Stat. Soc. B 16 (1954), doi:10.1111/j.2517-6161.1954.tb00159.x.
    """
    arrays = [np.asarray(array, dtype=np.float64) for array in (values, teacher_means, pooled)]
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1:
        shapes = ", ".join(str(array.shape) for array in arrays)
        raise ShapeError(f"values, teacher means and pooled have shapes {shapes}, expected three vectors of equal length")
    pairs = np.stack([arrays[0] - arrays[1], arrays[2] - arrays[1]])
    pairs = pairs[:, np.isfinite(pairs).all(axis=0)]
    n = pairs.shape[1]
    if n == 0 or abs(pairs[1].mean()) < MIN_GAP:
        return Interval(float("nan"), float("nan"), float("nan"))
    gained, gap = pairs.mean(axis=1)
    ends = _fieller(gained, gap, np.cov(pairs) / n, float(stats.t.ppf((1 + level) / 2, n - 1))) if n > 1 else (float("nan"),) * 2
    return Interval(float(gained / gap), *ends)


def _fieller(gained: float, gap: float, covariance: np.ndarray, t: float) -> tuple[float, float]:
    square, mixed, constant = (
        gap**2 - t**2 * covariance[1, 1],
        gained * gap - t**2 * covariance[0, 1],
        gained**2 - t**2 * covariance[0, 0],
    )
    if square <= 0:
        return float("nan"), float("nan")
    root = np.sqrt(max(mixed**2 - square * constant, 0.0))
    return float((mixed - root) / square), float((mixed + root) / square)
