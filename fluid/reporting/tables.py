"""Tables of the report and of the command line."""

import math

import pandas as pd

from fluid.reporting.figures.bars import metrics_of, rows_in_order

HEADLINE = ("auroc", "mcc")


def interval_text(value: float, low: float, high: float, digits: int = 3) -> str:
    """Return `0.812 (0.790–0.834)`, or `–` where the value is undefined."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:.{digits}f}"
    return f"{text} ({low:.{digits}f}–{high:.{digits}f})" if math.isfinite(low) and math.isfinite(high) else text


def percent(value: float) -> str:
    """Return a share as a whole percentage, or `–`."""
    return f"{100 * value:.0f} %" if math.isfinite(value) else "–"


def score_table(scores: pd.DataFrame, test: str, endpoint: str) -> pd.DataFrame:
    """Return one row per model and one column per metric, with intervals, and the gap closed by AUROC (or RMSE)."""
    metrics = metrics_of(scores[scores["endpoint"] == endpoint])
    columns: dict[str, dict[str, str]] = {}
    for metric in metrics:
        rows = rows_in_order(scores, test, endpoint, metric)
        texts = map(interval_text, rows["value"], rows["low"], rows["high"])
        columns[metric] = dict(zip(rows["model"], texts, strict=True))
    for metric in metrics:
        gap = scores[(scores["test"] == test) & (scores["endpoint"] == endpoint) & (scores["metric"] == f"gap_closed:{metric}")]
        if len(gap) and metric in ("auroc", "mcc", "rmse"):
            columns[f"gap closed, {metric}"] = dict(zip(gap["model"], map(percent, gap["value"]), strict=True))
    table = pd.DataFrame(columns, dtype=object).fillna("")
    table.insert(0, "model", table.index)
    return table.reset_index(drop=True)


def headline_table(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the few rows that tell the story: pooled teacher, teacher mean, consensus, student, hybrid mean."""
    roles = ("pooled", "forest", "teacher_mean", "consensus", "student", "hybrid_mean")
    metrics = [metric for metric in (*HEADLINE, "rmse", "r2") if metric in set(scores["metric"])][:2]
    chosen = scores[scores["role"].isin(roles)]
    rows = []
    for endpoint in dict.fromkeys(chosen["endpoint"]):
        for model in sorted(dict.fromkeys(chosen["model"]), key=lambda name: roles.index(chosen[chosen["model"] == name]["role"].iloc[0])):
            row = {"endpoint": endpoint, "model": model}
            for test in dict.fromkeys(chosen["test"]):
                own = chosen[(chosen["model"] == model) & (chosen["test"] == test) & (chosen["endpoint"] == endpoint)].set_index("metric")[
                    "value"
                ]
                for metric in metrics:
                    row[f"{test} {metric}"] = f"{own[metric]:.3f}" if metric in own else "–"
                gap = own.get(f"gap_closed:{metrics[0]}", float("nan")) if metrics else float("nan")
                row[f"{test} gap"] = percent(float(gap))
            rows.append(row)
    return pd.DataFrame(rows)


def amount(size: float) -> str:
    """Return bytes in MB, or in kB below 0.1 MB, or `–`."""
    if not math.isfinite(size):
        return "–"
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB" if size else "0"


def baseline_table(scores: pd.DataFrame, baselines: pd.DataFrame, endpoint: str) -> pd.DataFrame:
    """Return accuracy, rounds, bytes per company and what leaves it, one row per way of working together; empty without baselines.

    Args:
        scores: All scores.
        baselines: Facts, see `ReportData`.
        endpoint: The endpoint whose scores are shown.
    """
    own = scores[scores["endpoint"] == endpoint]
    values = own.set_index(["model", "test", "metric"])["value"]
    metrics = [metric for metric in (*HEADLINE, "rmse", "r2") if metric in set(own["metric"])][:2]
    places = [(test, metric) for test in dict.fromkeys(own["test"]) for metric in metrics]
    rows = []
    for fact in baselines.to_dict("records"):
        cells = {f"{test} {metric}": float(values.get((fact["model"], test, metric), float("nan"))) for test, metric in places}
        texts = {name: f"{value:.3f}" if math.isfinite(value) else "–" for name, value in cells.items()}
        rounds = f"{fact['rounds']:.0f}" if math.isfinite(fact["rounds"]) else "–"
        sent = {"up per company": amount(fact["bytes_up"]), "down per company": amount(fact["bytes_down"])}
        rows.append({"model": fact["model"], **texts, "rounds": rounds, **sent, "what leaves a company": fact["leaves"]})
    return pd.DataFrame(rows)
