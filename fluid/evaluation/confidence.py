"""Is a consensus right when it says that it is sure? Risk against coverage, and the usual scores of probabilities."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fluid.errors import InputError, ShapeError
from fluid.evaluation.metrics import brier, classification_pairs, ece, labelled_pairs, nll
from fluid.evaluation.weighted import Array

CLASSIFICATION = "classification"


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """What is risked when only the most confident molecules are answered.

    Attributes:
        coverage: Share of molecules answered, `(n,)`, from `1 / n` to 1.
        risk: Their mean loss, `(n,)`.
    """

    coverage: Array
    risk: Array

    @property
    def area(self) -> float:
        """Area under the curve: the mean risk over all coverages (AURC); NaN without molecules."""
        return float(self.risk.mean()) if len(self.risk) else float("nan")

    def thinned(self, points: int) -> Iterator[tuple[float, float]]:
        """Yield at most so many points, evenly spaced, the last one included."""
        n = len(self.risk)
        for i in np.unique(np.linspace(0, n - 1, min(points, n)).round().astype(int)) if n else ():
            yield float(self.coverage[i]), float(self.risk[i])


def losses(predicted: ArrayLike, labels: ArrayLike, kind: str) -> Array:
    """Return each row's loss: 1 for a wrong class at threshold ½, else 0; the squared error for values; NaN where either is missing."""
    x, y = np.asarray(predicted, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if kind == CLASSIFICATION:
        classification_pairs(x, y)
        return np.where(np.isnan(x) | np.isnan(y), np.nan, (x >= 0.5) != (y == 1))
    labelled_pairs(x, y)
    return (x - y) ** 2


def risk_coverage(confidence: ArrayLike, loss: ArrayLike) -> RiskCoverage:
    """Return the risk-coverage curve (Geifman & El-Yaniv 2017, arXiv:1705.08500; Geifman et al. 2019, arXiv:1805.08206, for its area).

    Molecules of equal confidence come in no order: each gets their mean loss, which is the expectation over orders. Rows whose loss is
    NaN are left out.

    Args:
        confidence: Confidence of each molecule, `(M,)`; higher is surer.
        loss: Its loss, `(M,)`.

    Raises:
        ShapeError: The two are not vectors of equal length.
        InputError: The confidence of a molecule with a loss is NaN.
    """
    sure, cost = np.asarray(confidence, dtype=np.float64), np.asarray(loss, dtype=np.float64)
    if sure.ndim != 1 or sure.shape != cost.shape:
        raise ShapeError(f"confidence has shape {sure.shape} and loss {cost.shape}", expected="two vectors of equal length")
    sure, cost = sure[~np.isnan(cost)], cost[~np.isnan(cost)]
    if np.isnan(sure).any():
        raise InputError("a confidence is NaN", expected="a number wherever there is a loss")
    _, level, n = np.unique(-sure, return_inverse=True, return_counts=True)
    mean_loss = np.bincount(level, weights=cost, minlength=len(n)) / n
    counts = np.arange(1, len(cost) + 1)
    return RiskCoverage(counts / max(1, len(cost)), np.cumsum(np.repeat(mean_loss, n)) / counts)


@dataclass(frozen=True, slots=True)
class ConfidenceScores:
    """How good soft labels and their confidence are on held-out molecules with true labels.

    Attributes:
        n: Labelled molecules with an answer.
        risk: Mean loss over all of them: error rate at threshold ½, or mean squared error.
        aurc: Area under the risk-coverage curve; equal to `risk` if confidence says nothing.
        best_aurc: The same for the best possible order of these molecules.
        brier: Brier score; NaN for values.
        nll: Negative log-likelihood in nats; NaN for values.
        ece: Expected calibration error over ten bins; NaN for values.
    """

    n: int
    risk: float
    aurc: float
    best_aurc: float
    brier: float
    nll: float
    ece: float

    @property
    def excess(self) -> float:
        """What is lost against the best order (E-AURC, Geifman et al. 2019, arXiv:1805.08206, sec. 4)."""
        return self.aurc - self.best_aurc


def evaluate_confidence(predicted: ArrayLike, confidence: ArrayLike, labels: ArrayLike, kind: str) -> ConfidenceScores:
    """Evaluate soft labels and their confidence on one endpoint; rows without a label or an answer are left out.

    Args:
        predicted: Probabilities or values, `(M,)`.
        confidence: `(M,)`.
        labels: True labels, `(M,)`; NaN where missing.
        kind: Kind of the endpoint.

    Raises:
        ShapeError: Shapes disagree.
        InputError: A probability, a class label or a confidence is not possible.
    """
    x, y, loss = np.asarray(predicted, dtype=np.float64), np.asarray(labels, dtype=np.float64), losses(predicted, labels, kind)
    curve, best = risk_coverage(confidence, loss), risk_coverage(-loss, loss)
    answered = ~np.isnan(loss)
    scores = [metric(x[answered], y[answered]) if kind == CLASSIFICATION else float("nan") for metric in (brier, nll, ece)]
    n = int(answered.sum())
    return ConfidenceScores(n, float(loss[answered].mean()) if n else float("nan"), curve.area, best.area, *scores)
