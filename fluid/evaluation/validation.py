"""One number for one model on validation molecules: what a search for hyper-parameters climbs."""

from collections.abc import Callable, Sequence

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.evaluation import metrics
from fluid.evaluation.thresholds import best_threshold

Metric = Callable[..., float]
PROBABILITIES: dict[str, Metric] = {
    "auroc": metrics.auroc,
    "auprc": metrics.auprc,
    "brier": metrics.brier,
    "ece": metrics.ece,
    "nll": metrics.nll,
}
CALLS: dict[str, Metric] = {"mcc": metrics.mcc, "balanced_accuracy": metrics.balanced_accuracy}
VALUES: dict[str, Metric] = {"rmse": metrics.rmse, "r2": metrics.r2, "spearman": metrics.spearman}
METRICS = (*PROBABILITIES, *CALLS, *VALUES)
LOWER_IS_BETTER = ("brier", "ece", "nll", "rmse", "censored_rmse", "censored_nll")


def kind_of(metric: str) -> str:
    """Return the kind of endpoint that a metric evaluates."""
    return "regression" if metric in VALUES else "classification"


def check_metric(metric: str, endpoints: Sequence[Endpoint]) -> None:
    """Refuse a metric that evaluates none of the endpoints.

    Raises:
        ConfigError: The metric evaluates none of the endpoints.
    """
    if not any(endpoint.kind == kind_of(metric) for endpoint in endpoints):
        names = ", ".join(f"{endpoint.name} ({endpoint.kind})" for endpoint in endpoints)
        fitting = ", ".join(name for name in METRICS if any(endpoint.kind == kind_of(name) for endpoint in endpoints))
        raise ConfigError(f"the metric {metric!r} evaluates none of the endpoints {names}", expected=f"one of {fitting}")


def endpoint_score(metric: str, predicted: np.ndarray, labels: np.ndarray) -> float:
    """Score one endpoint; calls are made at the threshold that is best on these very molecules."""
    if metric in CALLS:
        return CALLS[metric](predicted, labels, best_threshold(predicted, labels, metric))
    return {**PROBABILITIES, **VALUES}[metric](predicted, labels)


def validation_score(metric: str, endpoints: Sequence[Endpoint], predicted: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean over the endpoints that the metric evaluates; NaN where it is defined for none.

    Args:
        metric: One of `METRICS`.
        endpoints: The `T` endpoints, in column order.
        predicted: Probabilities or values.
        labels: Measured labels, NaN where missing.

    Shapes:
        predicted, labels: (M, T)
    """
    columns = [i for i, endpoint in enumerate(endpoints) if endpoint.kind == kind_of(metric)]
    return defined_mean([endpoint_score(metric, predicted[:, i], labels[:, i]) for i in columns])


def defined_mean(values: Sequence[float]) -> float:
    """Return the mean of the values that are no NaN; NaN if there are none."""
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
