"""Metrics of values of which some are known as bounds only, over many weightings of the same molecules; see `fluid.evaluation.weighted`.

`side` `(M,)` says which: the true value is below its label (−1), above it (1), or was measured (0).
"""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from fluid.data.censoring import one_sided
from fluid.evaluation.weighted import Array, WeightedMetric, divide


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
    or they are equal and not both measured. `½` says nothing, 1 is perfect, NaN where no order is known.

    Each molecule stands on an axis as the first of pairs and as the second; a pair is known if its first stands before its second. Pairs
    are counted between the halves of the axis, of its halves, and so on, each at the one level that parts it: exact, in `O(M log² M)`.

    References:
        Harrell et al., "Evaluating the yield of medical tests", JAMA 247 (1982), doi:10.1001/jama.1982.03320430047030.
    """
    first, second = np.flatnonzero(side <= 0), np.flatnonzero(side >= 0)
    places = axis(observed, side, first, second)
    answer = np.unique(predicted, return_inverse=True)[1]
    agreed, known = np.zeros(len(weights)), np.zeros(len(weights))
    for level in range((len(first) + len(second)).bit_length()):
        halves = (places[0] >> level) % 2 == 0, (places[1] >> level) % 2 == 1
        left, right = first[halves[0]], second[halves[1]]
        blocks = [(place[half] >> (level + 1)) * len(answer) for place, half in zip(places, halves, strict=True)]
        order = np.argsort(blocks[0] + answer[left])
        keys = (blocks[0] + answer[left])[order]
        sums = np.concatenate([np.zeros((len(weights), 1)), np.cumsum(weights[:, left[order]], axis=1)], axis=1)
        own, said = weights[:, right], blocks[1] + answer[right]
        start, end = (sums[:, np.searchsorted(keys, blocks[1] + edge)] for edge in (0, len(answer)))
        below, upto = (sums[:, np.searchsorted(keys, said, tie)] for tie in ("left", "right"))
        known += (own * (end - start)).sum(axis=1)
        agreed += (own * ((below + upto) / 2 - start)).sum(axis=1)
    return divide(agreed, known)


def axis(observed: Array, side: Array, first: NDArray[np.int64], second: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where molecules stand as `first` of pairs, and where as `second`: by their labels, of equal ones those below first."""
    kinds = np.concatenate([np.where(side[first] < 0, 0, 2), np.where(side[second] > 0, 3, 1)])
    places = np.empty(len(kinds), dtype=np.int64)
    places[np.lexsort((kinds, observed[np.concatenate([first, second])]))] = np.arange(len(kinds))
    return places[: len(first)], places[len(first) :]


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
