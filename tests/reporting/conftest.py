"""A small made-up report."""

import numpy as np
import pandas as pd
import pytest

from fluid.evaluation.scores import Score, add_gap_closed, mean_scores, scores_frame
from fluid.reporting.report_data import COLUMNS, ReportData

VALUES = {"pooled": 0.9, "forest": 0.88, "T1": 0.7, "T2": 0.8, "consensus": 0.84, "student": 0.83, "H1": 0.82, "H2": 0.79}
ROLES = {"T1": "teacher", "T2": "teacher", "H1": "hybrid", "H2": "hybrid"}


def scores() -> pd.DataFrame:
    """Return scores of all roles on two tests, for AUROC and MCC."""
    rows = [
        Score(
            m,
            ROLES.get(m, m),
            m.replace("H", "T") if m in ROLES else "",
            test,
            "blocker",
            metric,
            v - drop,
            v - drop - 0.02,
            v - drop + 0.02,
            500,
        )
        for test, drop in (("in-domain", 0.0), ("external", 0.1))
        for metric in ("auroc", "mcc")
        for m, v in VALUES.items()
    ]
    rows += mean_scores(rows, "teacher", "teacher mean", "teacher_mean")
    rows += mean_scores(rows, "hybrid", "hybrid mean", "hybrid_mean")
    return scores_frame(add_gap_closed(rows))


BASELINES = pd.DataFrame(
    [
        ("teacher mean", 0, 0, 0, "nothing"),
        ("pooled", float("nan"), float("nan"), float("nan"), "molecules and labels"),
        ("student", 1, 1_250_000, 600_000, "predictions, once"),
    ],
    columns=list(COLUMNS["baselines"]),
)


def make(**changes: object) -> ReportData:
    """Return a whole report, with some parts changed."""
    rng = np.random.default_rng(0)
    tables = {
        "scores": scores(),
        "companies": pd.DataFrame(
            {"company": ["T1", "T2"], "n": [300, 200], "positives": [0.3, 0.5], "divergence": [0.1, 0.2], "separation": [0.0, 0.1]}
        ),
        "chemical_space": pd.DataFrame(
            {"x": rng.normal(size=40), "y": rng.normal(size=40), "set": ["T1", "T2", "transfer", "external"] * 10}
        ),
        "calibration": pd.DataFrame(
            [(m, t, p, p**1.2, 50) for m in ("pooled", "student") for t in ("in-domain", "external") for p in (0.1, 0.5, 0.9)],
            columns=list(COLUMNS["calibration"]),
        ),
        "learning_curves": pd.DataFrame(
            [(m, e, s, 0.7 / (e + 1)) for m in ("T1", "pooled", "H1") for e in range(3) for s in ("train", "validation")],
            columns=list(COLUMNS["learning_curves"]),
        ),
        "contribution": pd.DataFrame({"company": ["T1", "T2"], "weight_share": [0.4, 0.6], "labels_share": [0.6, 0.4]}),
        "selection": pd.DataFrame({"in_bin": [0.25, 0.75], "count": [30, 20]}),
        "stages": pd.DataFrame(
            [
                ("intake", "pool", True, 0.1, 0.1, 0.0, 200.0, 1.0, "estimated"),
                ("teacher", "T1", False, 1.5, 2.5, 0.0, 300.0, 25.0, "estimated"),
                ("teacher", "T2", False, 2.5, 4.5, 0.0, 400.0, 45.0, "estimated"),
            ],
            columns=list(COLUMNS["stages"]),
        ),
    }
    rest = {"title": "demo", "config": {"seed": 0}, "versions": {"fluid": "0"}, "notes": ("one row was dropped.",)}
    return ReportData(**{**tables, **rest, **changes})  # type: ignore[arg-type]


@pytest.fixture
def data() -> ReportData:
    """Return the report."""
    return make()
