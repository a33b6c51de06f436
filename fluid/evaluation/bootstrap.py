"""Percentile bootstrap intervals of any metric, and of the difference of two models on the same molecules."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fluid.errors import ConfigError
from fluid.evaluation.metrics import Pairs, evaluate_single, labelled_pairs
from fluid.evaluation.weighted import Array, WeightedMetric
from fluid.seeding import numpy_stream

CHUNK_CELLS = 2_000_000
MIN_DEFINED = 0.5


class Interval(NamedTuple):
    """A value and the ends of its interval; ends are NaN when they cannot be had."""

    value: float
    low: float
    high: float


def resample_counts(size: int, n: int, seed: int, *names: str | int) -> Iterator[Array]:
    """Yield how often each of `size` molecules is drawn in `n` resamples, in chunks `(R, size)` of at most about 2 million cells.

    The same `size`, `seed` and `names` give the same resamples, so that models are compared on the same draws.
    """
    rng = numpy_stream(seed, "bootstrap", *names)
    rows = max(1, CHUNK_CELLS // max(size, 1))
    for start in range(0, n, rows):
        count = min(rows, n - start)
        draws = rng.integers(0, size, (count, size)) + size * np.arange(count)[:, None]
        yield np.bincount(draws.ravel(), minlength=count * size).reshape(count, size).astype(np.float64)


def percentile_ends(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    """Return the central `level` range of the defined values; NaN when fewer than half are defined (or none)."""
    defined = values[~np.isnan(values)]
    if len(defined) == 0 or len(defined) < MIN_DEFINED * len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def bootstrap_interval(
    metric: WeightedMetric,
    arrays: tuple[ArrayLike, ArrayLike],
    n: int = 500,
    seed: int = 0,
    level: float = 0.95,
    names: tuple[str | int, ...] = (),
) -> Interval:
    """Estimate a metric and its percentile bootstrap interval over molecules (not stratified).

    The interval speaks of the test molecules only, not of retraining. Resamples in which the metric is undefined are
    left out; with more than half undefined the ends are NaN.

    Args:
        metric: One of `fluid.evaluation.weighted`; for MCC and balanced accuracy pass hard calls (`metrics.calls_at`).
        arrays: Predictions and labels; rows without a label are ignored.
        n: Number of resamples; 0 gives NaN ends.
        seed: Seed of the draws.
        level: Coverage of the interval, between 0 and 1.
        names: Further names of the random stream.

    Raises:
        ConfigError: `n` or `level` is out of range.
    """
    _check(n, level)
    pairs = labelled_pairs(*arrays)
    value = evaluate_single(metric, pairs)
    if np.isnan(value) or n == 0:
        return Interval(value, float("nan"), float("nan"))
    draws = resample_counts(len(pairs.observed), n, seed, *names)
    values = np.concatenate([metric(pairs.predicted, pairs.observed, weights) for weights in draws])
    return Interval(value, *percentile_ends(values, level))


def paired_difference_interval(
    metric: WeightedMetric,
    first: ArrayLike,
    second: ArrayLike,
    observed: ArrayLike,
    n: int = 500,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Estimate metric(first) − metric(second) with its interval, both models evaluated on the same resampled molecules.

    Args:
        metric: One of `fluid.evaluation.weighted`; for MCC and balanced accuracy pass hard calls.
        first: Predictions of one model.
        second: Predictions of the other.
        observed: Labels; rows without one are ignored.
        n: Number of resamples; 0 gives NaN ends.
        seed: Seed of the draws.
        level: Coverage of the interval.

    Raises:
        ConfigError: `n` or `level` is out of range.
    """
    _check(n, level)
    one, other = labelled_pairs(first, observed), labelled_pairs(second, observed)
    value = evaluate_single(metric, one) - evaluate_single(metric, other)
    if np.isnan(value) or n == 0:
        return Interval(value, float("nan"), float("nan"))
    draws = resample_counts(len(one.observed), n, seed)
    return Interval(value, *percentile_ends(np.concatenate([_difference(metric, one, other, weights) for weights in draws]), level))


def _difference(metric: WeightedMetric, one: Pairs, other: Pairs, weights: Array) -> Array:
    return metric(one.predicted, one.observed, weights) - metric(other.predicted, other.observed, weights)


def _check(n: int, level: float) -> None:
    if n < 0:
        raise ConfigError(f"{n} bootstrap resamples", expected="0 or more")
    if not 0 < level < 1:
        raise ConfigError(f"interval level {level:g}", expected="a number between 0 and 1")
