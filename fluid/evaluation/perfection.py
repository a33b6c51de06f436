"""How much of what was missing to a perfect model did an improvement bring."""

import numpy as np
from numpy.typing import ArrayLike

from fluid.errors import ConfigError, ShapeError
from fluid.evaluation.bootstrap import Interval
from fluid.evaluation.seeds import paired_seeds_interval

PERFECT = {
    "auroc": 1.0, "auprc": 1.0, "mcc": 1.0, "balanced_accuracy": 1.0, "r2": 1.0, "spearman": 1.0,
    "brier": 0.0, "ece": 0.0, "nll": 0.0, "rmse": 0.0,
}  # fmt: skip


def perfect_value(metric: str) -> float:
    """Return a metric's value of a model that is never wrong.

    Raises:
        ConfigError: The metric is unknown.
    """
    if metric not in PERFECT:
        raise ConfigError(f"metric {metric!r} has no known perfect value", expected=f"one of {', '.join(PERFECT)}")
    return PERFECT[metric]


def relative_improvement(x: float, baseline: float, perfect: float) -> float:
    """Return (x − baseline) / (perfect − baseline): 0 like the baseline, 1 perfect; NaN for a perfect baseline.

    Makes improvements of easy and hard endpoints comparable; works for metrics where lower is better too.

    References:
        Heyndrickx et al.: MELLODDY: cross-pharma federated learning at unprecedented scale unlocks benefits in QSAR without
        compromising proprietary information, J. Chem. Inf. Model. 64 (2024), doi:10.1021/acs.jcim.3c00799 ("RIPtoP").
    """
    missing = perfect - baseline
    return (x - baseline) / missing if missing else float("nan")


def relative_improvement_interval(values: ArrayLike, baselines: ArrayLike, perfect: float, level: float = 0.95) -> Interval:
    """Return the mean of `relative_improvement` over seeds, paired, with its t interval; NaN as in `paired_seeds_interval`.

    Shapes:
        values, baselines: (S,), the same seeds in the same order

    Raises:
        ShapeError: The two are not vectors of equal length.
    """
    x, y = np.asarray(values, dtype=np.float64), np.asarray(baselines, dtype=np.float64)
    if x.ndim != 1 or x.shape != y.shape:
        raise ShapeError(f"values have shape {x.shape} and baselines {y.shape}, expected two vectors of equal length")
    shares = np.array([relative_improvement(a, b, perfect) for a, b in zip(x, y, strict=True)])
    return paired_seeds_interval(shares, np.zeros_like(shares), level)
