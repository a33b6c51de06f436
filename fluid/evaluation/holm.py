"""Holm's correction: several questions asked at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fluid.errors import InputError, ShapeError


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Return p values corrected for having asked several questions (one per endpoint), in the order given.

    The i-th smallest of m is multiplied by m − i + 1, kept at most 1 and never below the one before. NaN (a question that could not
    be answered) stays NaN and still counts as asked.

    Shapes:
        p_values: (m,)

    Raises:
        ShapeError: The p values are no vector.
        InputError: A p value is outside 0 to 1.

    References:
        Holm: A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1:
        raise ShapeError(f"p values have shape {p.shape}, expected a vector")
    wrong = p[(p < 0) | (p > 1)]
    if len(wrong):
        raise InputError(f"p value {wrong[0]:g}", expected="0 to 1, or NaN")
    order = np.argsort(p, kind="stable")  # NaN last
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return corrected
