"""Scores of models as rows of one long table."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.evaluation.bootstrap import Interval, bootstrap_interval
from fluid.evaluation.censored import bound_metrics
from fluid.evaluation.gap import gap_closed
from fluid.evaluation.metrics import (
    CALL_METRICS,
    REGRESSION_METRICS,
    SCORE_METRICS,
    Pairs,
    calls_at,
    classification_pairs,
    labelled_pairs,
)
from fluid.evaluation.weighted import WeightedMetric

BASELINES = ("fedavg", "fedprox", "feddf", "dsfl", "fedmd", "fedmd_mean", "sge_mean", "baseline")
BASELINE_MEMBERS = ("fedmd_member", "sge_member")
ROLES = ("pooled", "teacher", "teacher_mean", "consensus", "student", "hybrid", "hybrid_mean", "forest", *BASELINES, *BASELINE_MEMBERS)
GAP_ROLES = ("student", "hybrid", "hybrid_mean", *BASELINES)
BOUND_METRICS = ("censored_rmse", "concordance", "censored_nll")
GAP_METRICS = ("auroc", "auprc", "mcc", "balanced_accuracy", "brier", "nll", "rmse", "r2", "spearman", *BOUND_METRICS)
GAP = "gap_closed"


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one model on one test set and endpoint.

    Attributes:
        model: Name of the model (`T3`, `student`, `H3`).
        role: One of `ROLES`.
        company: The company that owns the model, or empty.
        test: Name of the test set.
        endpoint: Name of the endpoint.
        metric: Name of the metric.
        value: Its value; NaN when undefined.
        low: Lower end: of the bootstrap interval, or the minimum for means over companies.
        high: Upper end: of the bootstrap interval, or the maximum for means over companies.
        n: Labelled test molecules behind the value: those with a measured label, of `BOUND_METRICS` those with bounds too.
    """

    model: str
    role: str
    company: str
    test: str
    endpoint: str
    metric: str
    value: float
    low: float
    high: float
    n: int

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ConfigError(f"role {self.role!r} is unknown", expected=f"one of {', '.join(ROLES)}")


COLUMNS = tuple(field.name for field in fields(Score))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose answers are scored, and on what.

    Attributes:
        model: Name of the model.
        role: One of `ROLES`.
        company: Owner of the model, or empty.
        test: Name of the test set.
    """

    model: str
    role: str
    company: str
    test: str


@dataclass(frozen=True, slots=True)
class Scoring:
    """How answers are scored.

    Attributes:
        seed: Seed of the bootstrap; models scored on the same labels with the same seed share their resamples.
        n_bootstrap: Number of resamples; 0 for no intervals.
        auroc: Of `probabilities`, or of `calls` as the paper has it; that is the balanced accuracy.
    """

    seed: int
    n_bootstrap: int = 300
    auroc: str = "probabilities"


def score_predictions(
    subject: Subject,
    endpoints: Sequence[Endpoint],
    predicted: ArrayLike,
    labels: ArrayLike,
    thresholds: ArrayLike,
    scoring: Scoring,
    censored: ArrayLike | None = None,
    variance: ArrayLike | None = None,
) -> list[Score]:
    """Score one model on one test set: every metric of each endpoint, with 95 % bootstrap intervals.

    An endpoint without labels or without predictions gets its rows too, with NaN values. A bound is no value: RMSE, R² and Spearman are of
    measured labels. An endpoint with bounds gets `BOUND_METRICS` as well, of all its labels; `censored_nll` only if all these have an
    answer with a variance above 0.

    Args:
        subject: Whose answers they are, and to what.
        endpoints: The endpoints, in column order.
        predicted: Probabilities (classification) or values (regression).
        labels: Measured labels; NaN where missing.
        thresholds: Threshold of the calls per endpoint, from validation data; unused (NaN) for regression.
        scoring: Seed, number of resamples, and which AUROC is meant.
        censored: Which labels are bounds, as in `MoleculeTable`; `None`: none is.
        variance: Variance of each answer; `None`: the model says none.

    Shapes:
        predicted, labels, censored, variance: (M, T)
        thresholds: (T,)

    Raises:
        ShapeError: An array does not fit the endpoints or the other.
        ConfigError: A threshold of a classification endpoint is NaN.
        InputError: A probability is outside 0 to 1 or a label is neither 0 nor 1.
    """
    x, y, cuts = (np.asarray(array, dtype=np.float64) for array in (predicted, labels, thresholds))
    _check_shapes(x, y, cuts, len(endpoints))
    side, spread = (_plane(name, plane, x.shape) for name, plane in (("censored", censored), ("variance", variance)))
    who, scores = (subject.model, subject.role, subject.company, subject.test), []
    for column, endpoint in enumerate(endpoints):
        said, known, own_side = x[:, column], y[:, column], np.zeros(len(y)) if side is None else side[:, column]
        groups = _metric_groups(endpoint, said, np.where(own_side == 0, known, np.nan), float(cuts[column]), scoring.auroc)
        groups |= _bound_groups(said, known, own_side, None if spread is None else spread[:, column])
        names = (subject.test, endpoint.name)
        for metric, (evaluate, pairs) in groups.items():
            interval = bootstrap_interval(evaluate, pairs, scoring.n_bootstrap, scoring.seed, names=names)
            scores.append(Score(*who, endpoint.name, metric, *interval, len(pairs.observed)))
    return scores


def _check_shapes(predicted: NDArray[np.float64], labels: NDArray[np.float64], thresholds: NDArray[np.float64], n: int) -> None:
    if predicted.ndim != 2 or predicted.shape != labels.shape or predicted.shape[1] != n:
        raise ShapeError(f"predictions have shape {predicted.shape} and labels {labels.shape}, expected (molecules, {n}) for both")
    if thresholds.shape != (n,):
        raise ShapeError(f"thresholds have shape {thresholds.shape}, expected ({n},)")


def _plane(name: str, plane: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.float64] | None:
    found = None if plane is None else np.asarray(plane, dtype=np.float64)
    if found is not None and found.shape != shape:
        raise ShapeError(f"{name} has shape {found.shape}, expected {shape}")
    return found


def _bound_groups(
    predicted: NDArray[np.float64], labels: NDArray[np.float64], side: NDArray[np.float64], variance: NDArray[np.float64] | None
) -> dict[str, tuple[WeightedMetric, Pairs]]:
    """Return the metrics of an endpoint some of whose labels are bounds, each with the pairs that it reads; nothing without bounds."""
    if not side.any():
        return {}
    labelled, pairs = ~np.isnan(labels), labelled_pairs(predicted, labels)
    spread = None if variance is None or not (variance[labelled] > 0).all() else variance[labelled]
    return {name: (metric, pairs) for name, metric in bound_metrics(side[labelled], spread).items()}


def _metric_groups(
    endpoint: Endpoint, predicted: ArrayLike, labels: ArrayLike, threshold: float, auroc: str
) -> dict[str, tuple[WeightedMetric, Pairs]]:
    """Return each metric of an endpoint, in the order of the rows, with the pairs of answer and label that it reads."""
    if endpoint.kind == "regression":
        values = labelled_pairs(predicted, labels)
        return {name: (metric, values) for name, metric in REGRESSION_METRICS.items()}
    probs = classification_pairs(predicted, labels)
    if np.isnan(threshold):
        raise ConfigError(f"endpoint {endpoint.name!r} has no threshold", expected="a number from 0 to 1")
    calls = calls_at(probs, threshold)
    scored = {name: (metric, calls if (name, auroc) == ("auroc", "calls") else probs) for name, metric in SCORE_METRICS.items()}
    return scored | {name: (metric, calls) for name, metric in CALL_METRICS.items()}


def mean_scores(scores: Iterable[Score], role_from: str, model_name: str, role_to: str) -> list[Score]:
    """Average the scores of one role over companies, per test, endpoint and metric, in order of first appearance.

    `low` and `high` are the minimum and maximum over companies (as the paper reports them), not a confidence interval.
    Undefined values are left out. `n` is that of one company when all were evaluated on equally many molecules, else the sum.

    Args:
        scores: Any scores; those of other roles are ignored.
        role_from: Role to average, e.g. `teacher`.
        model_name: Name given to the mean.
        role_to: Role given to the mean, e.g. `teacher_mean`.
    """
    groups: dict[tuple[str, str, str], list[Score]] = {}
    for score in scores:
        if score.role == role_from:
            groups.setdefault((score.test, score.endpoint, score.metric), []).append(score)
    return [Score(model_name, role_to, "", *key, *_mean_range(group), _shared_n(group)) for key, group in groups.items()]


def _mean_range(group: Sequence[Score]) -> Interval:
    values = np.array([score.value for score in group if not np.isnan(score.value)])
    if len(values) == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    return Interval(float(values.mean()), float(values.min()), float(values.max()))


def _shared_n(group: Sequence[Score]) -> int:
    counts = [score.n for score in group]
    return counts[0] if len(set(counts)) == 1 else sum(counts)


def add_gap_closed(scores: Sequence[Score]) -> list[Score]:
    """Return `scores` followed by a `gap_closed:<metric>` row for each student, hybrid, hybrid mean and federated baseline.

    References are the `pooled` and `teacher_mean` rows of the same test, endpoint and metric; without both no row is
    added. The ends are those of the model's own interval (min–max for a mean), carried through with the two references
    held fixed, so they are narrower than the truth. ECE has no row: it does not say how much was learnt.
    """
    references = {(s.role, s.test, s.endpoint, s.metric): s.value for s in scores if s.role in ("pooled", "teacher_mean")}
    rows = list(scores)
    for score in scores:
        keys = [(role, score.test, score.endpoint, score.metric) for role in ("teacher_mean", "pooled")]
        if score.role in GAP_ROLES and score.metric in GAP_METRICS and all(key in references for key in keys):
            rows.append(_gap_row(score, references[keys[0]], references[keys[1]]))
    return rows


def _gap_row(score: Score, teacher_mean: float, pooled: float) -> Score:
    value, *ends = (gap_closed(x, teacher_mean, pooled) for x in (score.value, score.low, score.high))
    where = (score.model, score.role, score.company, score.test, score.endpoint)
    return Score(*where, f"{GAP}:{score.metric}", value, min(ends), max(ends), score.n)


def scores_frame(scores: Iterable[Score]) -> pd.DataFrame:
    """Return the scores as a table with one column per field of `Score`, in their order; empty scores keep the columns."""
    return pd.DataFrame([astuple(score) for score in scores], columns=list(COLUMNS))
