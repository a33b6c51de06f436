"""What was won and lost, in plain sentences made from the scores."""

import math

import pandas as pd

from fluid.evaluation.validation import LOWER_IS_BETTER
from fluid.reporting.figures.bars import TITLES

PRIMARY = ("auroc", "rmse")


def primary_metric(scores: pd.DataFrame) -> str | None:
    """Return the metric that sentences are about: AUROC, or RMSE for values; `None` without scores."""
    present = set(scores["metric"])
    return next((metric for metric in PRIMARY if metric in present), None)


def pick(scores: pd.DataFrame, role: str, test: str, endpoint: str, metric: str) -> list[pd.Series]:
    """Return the score rows of one role."""
    chosen = scores[(scores["role"] == role) & (scores["test"] == test) & (scores["endpoint"] == endpoint) & (scores["metric"] == metric)]
    return [row for _, row in chosen.iterrows() if math.isfinite(row["value"])]


def best(rows: list[pd.Series], metric: str) -> pd.Series:
    """Return the best row."""
    return (min if metric in LOWER_IS_BETTER else max)(rows, key=lambda row: float(row["value"]))


def verdict(student: pd.Series, other: pd.Series, metric: str) -> str:
    """Say how the first compares with the second: better, worse, or not told apart (the intervals overlap)."""
    difference = float(student["value"]) - float(other["value"])
    wins = difference < 0 if metric in LOWER_IS_BETTER else difference > 0
    overlap = float(student["low"]) <= float(other["high"]) and float(other["low"]) <= float(student["high"])
    word = "better" if wins else "worse" if difference else "equal"
    return f"{word} ({abs(difference):.3f})" + (", within the intervals" if overlap and difference else "")


def sentences(scores: pd.DataFrame) -> list[str]:
    """Return the findings, one sentence each: per test and endpoint, student and hybrids against teachers and pooled teacher."""
    metric = primary_metric(scores)
    if metric is None:
        return ["There are no scores."]
    told = []
    for endpoint in dict.fromkeys(scores["endpoint"]):
        for test in dict.fromkeys(scores["test"]):
            told += _about(scores, test, endpoint, metric)
    return told or ["No score is defined."]


def _about(scores: pd.DataFrame, test: str, endpoint: str, metric: str) -> list[str]:
    def rows(role: str) -> list[pd.Series]:
        return pick(scores, role, test, endpoint, metric)

    told, subject = [], f"{endpoint}, {test}: "
    student, mean, pooled, teachers = rows("student"), rows("teacher_mean"), rows("pooled"), rows("teacher")
    if student and mean:
        told.append(
            f"{subject}the student reaches {TITLES[metric]} {student[0]['value']:.3f}, the teachers {mean[0]['value']:.3f} on average."
        )
    if student and teachers:
        top = best(teachers, metric)
        told.append(
            f"{subject}against the best teacher ({top['model']}, {top['value']:.3f}) the student is {verdict(student[0], top, metric)}."
        )
    if student and pooled:
        told.append(
            f"{subject}against the pooled teacher ({pooled[0]['value']:.3f}) the student is {verdict(student[0], pooled[0], metric)}."
        )
    told += _hybrids(subject, rows("hybrid"), teachers, metric)
    told += _gap(scores, subject, test, endpoint, metric)
    return told


def _hybrids(subject: str, hybrids: list[pd.Series], teachers: list[pd.Series], metric: str) -> list[str]:
    own = {row["company"]: float(row["value"]) for row in teachers}
    pairs = [(float(row["value"]), own[row["company"]]) for row in hybrids if row["company"] in own]
    if not pairs:
        return []
    won = sum((hybrid < teacher) if metric in LOWER_IS_BETTER else (hybrid > teacher) for hybrid, teacher in pairs)
    return [f"{subject}{won} of {len(pairs)} companies gain from their hybrid over their own teacher."]


def _gap(scores: pd.DataFrame, subject: str, test: str, endpoint: str, metric: str) -> list[str]:
    parts = []
    for role, name in (("student", "the student"), ("hybrid_mean", "the mean hybrid")):
        rows = pick(scores, role, test, endpoint, f"gap_closed:{metric}")
        if rows:
            value = float(rows[0]["value"])
            parts.append(
                f"{name} closes {100 * value:.0f} %" if value >= 0 else f"{name} falls {-100 * value:.0f} % behind the mean teacher"
            )
    return [f"{subject}of the gap between mean and pooled teacher, {' and '.join(parts)}."] if parts else []
