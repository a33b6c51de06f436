"""The paper's bar chart: pooled teacher, teachers, consensus, student, hybrids, and federated baselines if there are any."""

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fluid.evaluation.validation import LOWER_IS_BETTER
from fluid.reporting.style import ROLE_COLOURS, as_svg, grid

BASELINES = ("fedavg", "fedprox", "feddf", "dsfl", "fedmd", "fedmd_mean", "sge_mean", "baseline")
ORDER = ("pooled", "forest", "teacher", "teacher_mean", "consensus", "student", "hybrid", "hybrid_mean", *BASELINES)
TITLES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "mcc": "MCC",
    "balanced_accuracy": "balanced accuracy",
    "brier": "Brier score",
    "nll": "negative log-likelihood (nats)",
    "ece": "expected calibration error",
    "rmse": "RMSE",
    "r2": "R²",
    "spearman": "Spearman correlation",
    "censored_rmse": "RMSE with bounds",
    "concordance": "concordance with bounds",
    "censored_nll": "negative log-likelihood with bounds (nats)",
}


def metrics_of(scores: pd.DataFrame) -> list[str]:
    """Return the metrics that a chart can show, best known first."""
    present = set(scores["metric"])
    return [name for name in TITLES if name in present]


def title_of(metric: str) -> str:
    """Return a metric's name for axes and tables, with its direction where lower is better."""
    title = TITLES.get(metric, metric)
    return f"{title} (lower is better)" if metric in LOWER_IS_BETTER else title


def rows_in_order(scores: pd.DataFrame, test: str, endpoint: str, metric: str) -> pd.DataFrame:
    """Return one row per model, in the order of the story; single companies' models of baselines are left out, their means stay."""
    chosen = scores[(scores["test"] == test) & (scores["endpoint"] == endpoint) & (scores["metric"] == metric) & scores["role"].isin(ORDER)]
    rank = chosen["role"].map({role: i for i, role in enumerate(ORDER)})
    return chosen.assign(rank=rank).sort_values("rank", kind="stable").drop(columns="rank")


def bar_chart(scores: pd.DataFrame, tests: list[str], endpoint: str, metric: str) -> str:
    """Draw one panel per test: a bar per model with its interval (for means over companies: minimum and maximum)."""

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(tests), 1, squeeze=False, sharey=True)[:, 0]
        for axes, test in zip(panels, tests, strict=True):
            rows = rows_in_order(scores, test, endpoint, metric)
            value, low, high = (rows[name].to_numpy(float) for name in ("value", "low", "high"))
            x = np.arange(len(rows))
            axes.bar(x, value, color=[ROLE_COLOURS[role] for role in rows["role"]], width=0.75)
            ends = np.nan_to_num(np.stack([value - low, high - value]).clip(min=0))
            axes.errorbar(x, value, yerr=ends, fmt="none", ecolor="#222222", elinewidth=0.9, capsize=2)
            axes.set_xticks(x, list(rows["model"]), rotation=40, ha="right", rotation_mode="anchor")
            axes.set_xlim(-0.6, max(len(rows), 1) - 0.4)
            axes.set_ylabel(title_of(metric))
            axes.set_title(f"{test}" + (f" (n = {int(rows['n'].iloc[0])})" if len(rows) else ""), loc="left", fontweight="bold")
            axes.axhline(0, color="#888888", linewidth=0.6)
            if metric == "auroc":
                axes.set_ylim(bottom=min(0.45, np.nanmin(low, initial=0.5) - 0.02))
                axes.axhline(0.5, color="#888888", linewidth=0.8, linestyle="--")
            grid(axes)

    return as_svg(draw, 9.6, 2.9 * max(len(tests), 1))
