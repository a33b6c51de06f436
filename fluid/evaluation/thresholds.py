"""The threshold that turns a probability into a call, chosen on validation data."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from fluid.errors import ConfigError
from fluid.evaluation import weighted
from fluid.evaluation.metrics import classification_pairs
from fluid.evaluation.weighted import Array, Counts

DEFAULT = 0.5
TIE = 1e-12
OBJECTIVES: dict[str, Callable[[Counts], Array]] = {"mcc": weighted.mcc_of, "balanced_accuracy": weighted.balanced_accuracy_of}


def best_threshold(probs: ArrayLike, labels: ArrayLike, metric: str = "mcc") -> float:
    """Find the threshold at which calls `probs >= threshold` score best.

    All cuts between two different neighbouring probabilities are tried (after one sort); a cut lies half-way between
    them. Of cuts that score equally well the one closest to 0.5 is taken, then the lower one. Rows without a label or
    without a prediction are ignored.

    Args:
        probs: Predicted probability of the active class.
        labels: 0, 1 or NaN.
        metric: `mcc` or `balanced_accuracy`.

    Returns:
        The threshold; 0.5 when nothing can be chosen (no labels, one class, or equal probabilities).

    Raises:
        ConfigError: `metric` is not known.
        InputError: A probability is outside 0 to 1 or a label is neither 0 nor 1.
    """
    if metric not in OBJECTIVES:
        raise ConfigError(f"threshold metric {metric!r} is unknown", expected=f"one of {', '.join(OBJECTIVES)}")
    pairs = classification_pairs(probs, labels)
    answered = ~np.isnan(pairs.predicted)
    order = np.argsort(pairs.predicted[answered], kind="stable")
    scores, classes = pairs.predicted[answered][order], pairs.observed[answered][order]
    above = np.flatnonzero(np.diff(scores) > 0) + 1
    if len(above) == 0 or classes.min() == classes.max():
        return DEFAULT
    return _closest_best(_midpoints(scores, above), OBJECTIVES[metric](_counts_of_cuts(classes, above)))


def _counts_of_cuts(classes: Array, above: np.ndarray) -> Counts:
    """Return the confusion counts when rows from `above[i]` on (ascending scores) are called active."""
    fn = np.cumsum(classes)[above - 1]
    tn = above - fn
    tp = classes.sum() - fn
    return Counts(tp, len(classes) - above - tp, fn, tn)


def _midpoints(scores: Array, above: np.ndarray) -> Array:
    """Return values above `scores[above - 1]` and at most `scores[above]`: half-way, where rounding allows."""
    low, high = scores[above - 1], scores[above]
    middle = low + (high - low) / 2
    midpoints: Array = np.where(middle > low, middle, high)
    return midpoints


def _closest_best(cuts: Array, values: Array) -> float:
    best = cuts[values >= values.max() - TIE]
    distance = np.abs(best - DEFAULT)
    return float(best[distance <= distance.min() + TIE].min())
