"""Metrics of values of which some are known as bounds only, over many weightings of the same molecules; see `fluid.evaluation.weighted`.

`side` `(M,)` says which: the true value is below its label (−1), above it (1), or was measured (0).
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from fluid.data.censoring import one_sided
from fluid.evaluation.weighted import Array, WeightedMetric, divide

CELLS = 1_000_000
"""Pairs of molecules that are compared at a time."""


def bound_metrics(side: Array, variance: Array | None = None) -> dict[str, WeightedMetric]:
    """Return the metrics of labels with bounds, by name.

    Args:
        side: Which labels are bounds, `(M,)`.
        variance: Variances of the answers `(M,)`, above 0; `None`: none is said, and `censored_nll` is left out.
    """
    metrics: dict[str, WeightedMetric] = {
        "censored_rmse": partial(censored_rmse, side=side),
        "concordance": partial(concordance, side=side),
    }
    return metrics if variance is None else metrics | {"censored_nll": partial(censored_nll, side=side, variance=variance)}


def censored_rmse(predicted: Array, observed: Array, weights: Array, side: Array) -> Array:
    """Root mean squared error, where an answer on the right side of a bound has no error; NaN when empty.

    A lower limit of the true RMSE: how far beyond its bound a value lies is not known.
    """
    errors = one_sided(predicted - observed, side)
    return np.sqrt(divide(weights @ errors**2, weights.sum(axis=1)))


def concordance(predicted: Array, observed: Array, weights: Array, side: Array) -> Array:
    """Harrell's C: of the pairs whose true order is known, the share that is predicted in that order, ties of predictions counted half.

    The order of two molecules is known if the first cannot lie above its label, the second not below its own, and the first label is lower;
    or they are equal and not both measured. `½` says nothing, 1 is perfect, NaN where no order is known. All pairs are counted, some at a
    time: `O(M²)` time in bounded memory.

    References:
        Harrell et al., "Evaluating the yield of medical tests", JAMA 247 (1982), doi:10.1001/jama.1982.03320430047030.
    """
    agreed, known = np.zeros(len(weights)), np.zeros(len(weights))
    for rows in blocks(len(predicted)):
        ordered = known_order(observed, side, rows)
        right = np.where(predicted > predicted[rows, None], 1.0, 0.5 * (predicted == predicted[rows, None]))
        known += (weights[:, rows] * (weights @ ordered.T.astype(np.float64))).sum(axis=1)
        agreed += (weights[:, rows] * (weights @ (ordered * right).T)).sum(axis=1)
    return divide(agreed, known)


def blocks(n: int) -> Iterator[slice]:
    """Yield the rows of `n` molecules in parts that give at most a million pairs each."""
    size = max(1, CELLS // max(n, 1))
    yield from (slice(start, start + size) for start in range(0, n, size))


def known_order(observed: Array, side: Array, rows: slice) -> NDArray[np.bool_]:
    """Return where the true value of some molecules is known to be below that of others, `(B, M)`."""
    low, low_side = observed[rows, None], side[rows, None]
    together = (low == observed) & ((low_side != 0) | (side != 0))
    order: NDArray[np.bool_] = (low_side <= 0) & (side >= 0) & ((low < observed) | together)
    return order


def censored_nll(predicted: Array, observed: Array, weights: Array, side: Array, variance: Array) -> Array:
    """Mean negative log-likelihood in nats under a normal distribution of the answer's variance; NaN when empty.

    `½ log 2πσ² + (y − μ)² / 2σ²` of a measured value, `−log Φ(s (μ − b) / σ)` of a bound `b` with side `s` (Tobin 1958,
    doi:10.2307/1907382). Depends on the unit of the values.
    """
    from scipy.special import log_ndtr  # whoever evaluates nothing should not wait for it

    deviation = (predicted - observed) / np.sqrt(variance)
    exact = 0.5 * np.log(2 * np.pi * variance) + 0.5 * deviation**2
    losses = np.where(side == 0, exact, -log_ndtr(side * deviation))
    return divide(weights @ losses, weights.sum(axis=1))
