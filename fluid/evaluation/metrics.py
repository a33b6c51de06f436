"""Metrics of one model on one endpoint: predictions and labels in, one number out.

Rows without a label (NaN) are ignored. A labelled row whose prediction is NaN makes the metric NaN: a model that
does not answer cannot be evaluated on the rows it likes. Undefined metrics (no labels; one class for AUROC, AUPRC, MCC and balanced
accuracy; constant values for R² and Spearman) are NaN, never an error. Constant predictions have AUROC 0.5 and MCC 0.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from fluid.errors import InputError, ShapeError
from fluid.evaluation import weighted
from fluid.evaluation.censored import bound_metrics
from fluid.evaluation.weighted import Array, WeightedMetric

ROUNDING = 1e-6
SCORE_METRICS: dict[str, WeightedMetric] = {
    "auroc": weighted.auroc,
    "auprc": weighted.auprc,
    "brier": weighted.brier,
    "ece": weighted.ece,
    "nll": weighted.nll,
}
CALL_METRICS: dict[str, WeightedMetric] = {"mcc": weighted.mcc, "balanced_accuracy": weighted.balanced_accuracy}
REGRESSION_METRICS: dict[str, WeightedMetric] = {"rmse": weighted.rmse, "r2": weighted.r2, "spearman": weighted.spearman}


class Pairs(NamedTuple):
    """Predictions and labels of the labelled rows, float64."""

    predicted: Array
    observed: Array

    @property
    def complete(self) -> bool:
        """Whether every labelled row has a prediction."""
        return not np.isnan(self.predicted).any()


def labelled_pairs(predicted: ArrayLike, observed: ArrayLike) -> Pairs:
    """Keep the rows that have a label.

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: A prediction or label is infinite.
    """
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeError(f"predictions have shape {x.shape} and labels {y.shape}, expected two vectors of equal length")
    if np.isinf(x).any() or np.isinf(y).any():
        raise InputError("a prediction or label is infinite", expected="finite numbers, NaN where missing")
    measured = ~np.isnan(y)
    return Pairs(x[measured], y[measured])


def classification_pairs(probs: ArrayLike, labels: ArrayLike) -> Pairs:
    """Keep the labelled rows and check them; probabilities within 1e-6 outside 0 to 1 (rounding) are moved to the border.

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: A probability is outside 0 to 1, or a label is neither 0 nor 1.
    """
    pairs = labelled_pairs(probs, labels)
    outside = pairs.predicted[(pairs.predicted < -ROUNDING) | (pairs.predicted > 1 + ROUNDING)]
    if len(outside):
        raise InputError(f"{outside[0]:g} is not a probability", expected="0 to 1")
    strange = pairs.observed[(pairs.observed != 0) & (pairs.observed != 1)]
    if len(strange):
        raise InputError(f"{strange[0]:g} is not a class label", expected="0, 1 or missing (NaN)")
    return Pairs(np.clip(pairs.predicted, 0, 1), pairs.observed)


def evaluate_single(metric: WeightedMetric, pairs: Pairs) -> float:
    """Evaluate a weighted metric with weights of one; NaN when there is nothing to evaluate or a prediction is missing."""
    if len(pairs.observed) == 0 or not pairs.complete:
        return float("nan")
    return float(metric(pairs.predicted, pairs.observed, np.ones((1, len(pairs.observed))))[0])


def calls_at(pairs: Pairs, threshold: float) -> Pairs:
    """Turn probabilities into hard calls: 1 where the probability is at least `threshold`; NaN stays NaN."""
    calls = np.where(np.isnan(pairs.predicted), np.nan, pairs.predicted >= threshold)
    return Pairs(calls, pairs.observed)


def auroc(probs: ArrayLike, labels: ArrayLike) -> float:
    """Area under the receiver operating characteristic; see `weighted.auroc`."""
    return evaluate_single(weighted.auroc, classification_pairs(probs, labels))


def auprc(probs: ArrayLike, labels: ArrayLike) -> float:
    """Average precision; see `weighted.auprc`."""
    return evaluate_single(weighted.auprc, classification_pairs(probs, labels))


def mcc(probs: ArrayLike, labels: ArrayLike, threshold: float = 0.5) -> float:
    """Matthews correlation coefficient of the calls `probs >= threshold`; see `weighted.mcc_of`."""
    return evaluate_single(weighted.mcc, calls_at(classification_pairs(probs, labels), threshold))


def balanced_accuracy(probs: ArrayLike, labels: ArrayLike, threshold: float = 0.5) -> float:
    """Balanced accuracy of the calls `probs >= threshold`; see `weighted.balanced_accuracy_of`."""
    return evaluate_single(weighted.balanced_accuracy, calls_at(classification_pairs(probs, labels), threshold))


def brier(probs: ArrayLike, labels: ArrayLike) -> float:
    """Brier score; see `weighted.brier`."""
    return evaluate_single(weighted.brier, classification_pairs(probs, labels))


def nll(probs: ArrayLike, labels: ArrayLike) -> float:
    """Negative log-likelihood in nats; see `weighted.nll`."""
    return evaluate_single(weighted.nll, classification_pairs(probs, labels))


def ece(probs: ArrayLike, labels: ArrayLike) -> float:
    """Expected calibration error over ten equal-width bins; see `weighted.ece`."""
    return evaluate_single(weighted.ece, classification_pairs(probs, labels))


def rmse(predicted: ArrayLike, observed: ArrayLike) -> float:
    """Root mean squared error; see `weighted.rmse`."""
    return evaluate_single(weighted.rmse, labelled_pairs(predicted, observed))


def r2(predicted: ArrayLike, observed: ArrayLike) -> float:
    """Coefficient of determination; see `weighted.r2`."""
    return evaluate_single(weighted.r2, labelled_pairs(predicted, observed))


def spearman(predicted: ArrayLike, observed: ArrayLike) -> float:
    """Spearman's rank correlation; see `weighted.spearman`."""
    return evaluate_single(weighted.spearman, labelled_pairs(predicted, observed))


def censored_rmse(predicted: ArrayLike, observed: ArrayLike, side: ArrayLike) -> float:
    """Root mean squared error with bounds; see `censored.censored_rmse`."""
    return evaluate_bounds("censored_rmse", predicted, observed, side)


def concordance(predicted: ArrayLike, observed: ArrayLike, side: ArrayLike) -> float:
    """Harrell's concordance of values and bounds; see `censored.concordance`."""
    return evaluate_bounds("concordance", predicted, observed, side)


def censored_nll(predicted: ArrayLike, observed: ArrayLike, side: ArrayLike, variance: ArrayLike) -> float:
    """Negative log-likelihood in nats of values and bounds; see `censored.censored_nll`."""
    return evaluate_bounds("censored_nll", predicted, observed, side, variance)


def evaluate_bounds(name: str, predicted: ArrayLike, observed: ArrayLike, side: ArrayLike, variance: ArrayLike | None = None) -> float:
    """Evaluate a metric of labels of which some are bounds: `side` is -1 where the true value is below, 1 where it is above, else 0.

    Raises:
        ShapeError: Predictions, labels, sides and variances are not vectors of equal length.
        InputError: A prediction or label is infinite, a side is none of -1, 0 and 1, or a labelled molecule's variance is not above 0.
    """
    pairs, labelled = labelled_pairs(predicted, observed), ~np.isnan(np.asarray(observed, dtype=np.float64))
    sides, spread = (None if plane is None else np.asarray(plane, dtype=np.float64) for plane in (side, variance))
    if any(plane is not None and plane.shape != labelled.shape for plane in (sides, spread)):
        raise ShapeError(f"sides or variances have another shape than labels, expected {labelled.shape}")
    if sides is None or not np.isin(sides, (-1, 0, 1)).all():
        raise InputError("a side is none of -1, 0 and 1")
    if spread is not None and not (spread[labelled] > 0).all():
        raise InputError("a variance is not above 0")
    return evaluate_single(bound_metrics(sides[labelled], None if spread is None else spread[labelled])[name], pairs)
