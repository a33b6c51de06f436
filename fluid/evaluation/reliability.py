"""Points of a reliability diagram: what was promised against what was seen."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fluid.errors import InputError
from fluid.evaluation.metrics import classification_pairs
from fluid.evaluation.weighted import N_BINS, bin_index


class ReliabilityPoint(NamedTuple):
    """One bin: mean predicted probability, observed share of positives, and labels in it."""

    predicted: float
    observed: float
    n: int


def reliability(probs: ArrayLike, labels: ArrayLike, bins: int = N_BINS) -> tuple[ReliabilityPoint, ...]:
    """Return the points of the non-empty equal-width bins, lowest first; `weighted.ece` is their weighted mean distance to the diagonal.

    Rows without a label or without a prediction are left out.

    Raises:
        InputError: `bins` is below 1, a probability is outside 0 to 1, or a label is neither 0 nor 1.
    """
    if bins < 1:
        raise InputError(f"reliability over {bins} bins", expected="1 or more")
    pairs = classification_pairs(probs, labels)
    answered = ~np.isnan(pairs.predicted)
    predicted, observed = pairs.predicted[answered], pairs.observed[answered]
    index = bin_index(predicted, bins)
    sums = [np.bincount(index, weights=values, minlength=bins) for values in (predicted, observed)]
    n = np.bincount(index, minlength=bins)
    return tuple(ReliabilityPoint(float(sums[0][b] / n[b]), float(sums[1][b] / n[b]), int(n[b])) for b in np.flatnonzero(n))
