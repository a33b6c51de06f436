"""How numbers are spread: range, quartiles, and a histogram of a few bins."""

import numpy as np

from fluid.inspection.facts import Spread

BINS = 16


def spread_of(values: np.ndarray, low: float, high: float) -> Spread | None:
    """Return how numbers are spread; `None` of none.

    Args:
        values: A fair sample of them.
        low: The smallest of all.
        high: The largest of all.
    """
    if not len(values):
        return None
    first, middle, third = (float(value) for value in np.quantile(values, (0.25, 0.5, 0.75)))
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    return Spread(low, (first, middle, third), high, tuple(edges.tolist()), tuple(counts.tolist()))
