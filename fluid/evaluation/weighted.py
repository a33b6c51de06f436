"""Every metric over many weightings of the same molecules at once.

A metric here maps predictions `(M,)`, labels `(M,)` and non-negative weights `(R, M)` to `(R,)` values. Weights of one
give the plain metric; counts of how often each molecule was drawn give a bootstrap resample. Sorting is done
once for all resamples, so 300 resamples of 1,500 molecules cost milliseconds. Inputs hold no NaN: `metrics` checks
and masks. A value that is undefined (for instance one class only) is NaN.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
WeightedMetric = Callable[[Array, Array, Array], Array]
MIN_PROB = 1e-7
N_BINS = 10
ROUNDING = 1e-12


class Counts(NamedTuple):
    """Weighted confusion counts: true positives, false positives, false negatives, true negatives."""

    tp: Array
    fp: Array
    fn: Array
    tn: Array


def divide(numerator: Array, denominator: Array, empty: float = np.nan) -> Array:
    """Divide; `empty` where the denominator is not positive (or NaN)."""
    out = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), empty)
    quotient: Array = np.divide(numerator, denominator, out=out, where=denominator > 0)
    return quotient


def _cumulative(scores: Array, labels: Array, weights: Array) -> tuple[Array, Array]:
    """Return weighted positives and negatives at or above each distinct score, highest score first: `(R, G)` each."""
    order = np.argsort(-scores, kind="stable")
    last_of_tie = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True)) if len(scores) else np.empty(0, np.int64)
    positives = np.cumsum(weights[:, order] * labels[order], axis=1)[:, last_of_tie]
    negatives = np.cumsum(weights[:, order] * (1 - labels[order]), axis=1)[:, last_of_tie]
    return positives, negatives


def _totals(labels: Array, weights: Array) -> tuple[Array, Array]:
    return weights @ labels, weights @ (1 - labels)


def auroc(probs: Array, labels: Array, weights: Array) -> Array:
    """Area under the receiver operating characteristic, ties counted half; NaN with one class, 0.5 for constant predictions."""
    positives, negatives = _cumulative(probs, labels, weights)
    steps = np.diff(negatives, axis=1, prepend=0)
    area = (steps * (positives - np.diff(positives, axis=1, prepend=0) / 2)).sum(axis=1)
    n_positive, n_negative = _totals(labels, weights)
    return divide(area, n_positive * n_negative)


def auprc(probs: Array, labels: Array, weights: Array) -> Array:
    """Average precision: precision summed over steps of recall, no interpolation; NaN with one class."""
    positives, negatives = _cumulative(probs, labels, weights)
    precision = divide(positives, positives + negatives, empty=0.0)
    area = (np.diff(positives, axis=1, prepend=0) * precision).sum(axis=1)
    n_positive, n_negative = _totals(labels, weights)
    return np.where(n_negative > 0, divide(area, n_positive), np.nan)


def counts(calls: Array, labels: Array, weights: Array) -> Counts:
    """Return the weighted confusion counts of hard calls (0 or 1)."""
    n_positive, n_negative = _totals(labels, weights)
    tp, fp = weights @ (calls * labels), weights @ (calls * (1 - labels))
    return Counts(tp, fp, n_positive - tp, n_negative - fp)


def mcc_of(c: Counts) -> Array:
    """Matthews correlation of confusion counts; NaN with one class of labels, 0 when every call is the same."""
    margins = (c.tp + c.fn) * (c.tn + c.fp), (c.tp + c.fp) * (c.tn + c.fn)
    value = divide(c.tp * c.tn - c.fp * c.fn, np.sqrt(margins[0] * margins[1]), empty=0.0)
    return np.where(margins[0] > 0, value, np.nan)


def balanced_accuracy_of(c: Counts) -> Array:
    """Mean of sensitivity and specificity; NaN with one class of labels."""
    return (divide(c.tp, c.tp + c.fn) + divide(c.tn, c.tn + c.fp)) / 2


def mcc(calls: Array, labels: Array, weights: Array) -> Array:
    """Matthews correlation of hard calls."""
    return mcc_of(counts(calls, labels, weights))


def balanced_accuracy(calls: Array, labels: Array, weights: Array) -> Array:
    """Balanced accuracy of hard calls."""
    return balanced_accuracy_of(counts(calls, labels, weights))


def _mean(values: Array, weights: Array) -> Array:
    return divide(weights @ values, weights.sum(axis=1))


def brier(probs: Array, labels: Array, weights: Array) -> Array:
    """Mean squared difference of probability and label; NaN when empty."""
    return _mean((probs - labels) ** 2, weights)


def nll(probs: Array, labels: Array, weights: Array) -> Array:
    """Mean negative log-likelihood in nats, probabilities kept within 1e-7 of 0 and 1; NaN when empty."""
    clipped = np.clip(probs, MIN_PROB, 1 - MIN_PROB)
    return _mean(-(labels * np.log(clipped) + (1 - labels) * np.log1p(-clipped)), weights)


def bin_index(probs: Array, bins: int = N_BINS) -> NDArray[np.int64]:
    """Return which of `bins` equal-width bins over [0, 1] each probability is in; lower borders belong to a bin, and 1 to the last."""
    return np.minimum((probs * bins).astype(np.int64), bins - 1)


def ece(probs: Array, labels: Array, weights: Array) -> Array:
    """Expected calibration error of P(active) over ten equal-width bins; NaN when empty.

    Σ_b n_b / n · |mean probability in b − share of positives in b|.

    References:
        Guo et al., "On calibration of modern neural networks", ICML 2017, arXiv:1706.04599, eq. 3.
    """
    members = np.eye(N_BINS)[bin_index(probs)]
    gaps = np.abs(weights @ (members * (probs - labels)[:, None])).sum(axis=1)
    return divide(gaps, weights.sum(axis=1))


def rmse(predicted: Array, observed: Array, weights: Array) -> Array:
    """Root mean squared error in the unit of the endpoint; NaN when empty."""
    return np.sqrt(_mean((predicted - observed) ** 2, weights))


def r2(predicted: Array, observed: Array, weights: Array) -> Array:
    """Coefficient of determination, 1 − residual / total sum of squares; NaN when the observed values are equal up to rounding."""
    centred = observed - observed.mean() if len(observed) else observed
    total = _mean(centred**2, weights) - _mean(centred, weights) ** 2
    rounding = ROUNDING * _mean(centred**2, weights) + (ROUNDING * np.abs(observed).max(initial=0)) ** 2
    return 1 - divide(_mean((predicted - observed) ** 2, weights), np.where(total > rounding, total, 0.0))


def _mid_ranks(values: Array, weights: Array) -> Array:
    """Return mid-ranks `(R, M)` within each weighting; equal values share the mean rank."""
    _, group = np.unique(values, return_inverse=True)
    order = np.argsort(group, kind="stable")
    last_of_tie = np.flatnonzero(np.append(np.diff(group[order]) != 0, True)) if len(values) else np.empty(0, np.int64)
    upto = np.cumsum(weights[:, order], axis=1)[:, last_of_tie]
    below = np.concatenate([np.zeros((len(weights), 1)), upto[:, :-1]], axis=1)[:, : upto.shape[1]]
    return ((below + upto + 1) / 2)[:, group]


def spearman(predicted: Array, observed: Array, weights: Array) -> Array:
    """Spearman's rank correlation, ties given their mean rank; NaN when either side is constant."""
    total = weights.sum(axis=1)
    x, y = (_mid_ranks(values, weights) - ((total + 1) / 2)[:, None] for values in (predicted, observed))
    covariance, var_x, var_y = ((weights * product).sum(axis=1) for product in (x * y, x * x, y * y))
    return divide(covariance, np.sqrt(var_x) * np.sqrt(var_y))
