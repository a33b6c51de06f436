"""What a report is drawn from: plain tables read from one run folder."""

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from fluid.reporting.columns import check_columns

COLUMNS = {
    "scores": ("model", "role", "company", "test", "endpoint", "metric", "value", "low", "high", "n"),
    "companies": ("company", "n", "positives", "divergence", "separation"),
    "chemical_space": ("x", "y", "set"),
    "calibration": ("model", "test", "predicted", "observed", "n"),
    "learning_curves": ("model", "epoch", "split", "loss"),
    "contribution": ("company", "weight_share", "labels_share"),
    "selection": ("in_bin", "count"),
    "stages": ("stage", "name", "reused", "seconds", "cpu_s", "gpu_s", "peak_mb", "energy_j", "energy_from"),
    "baselines": ("model", "rounds", "bytes_up", "bytes_down", "leaves"),
    "fidelity": ("teacher", "endpoint", "fidelity", "strength", "spanned"),
    "audits": (
        "release", "of", "attack", "auc", "auc_low", "auc_high", "tpr", "tpr_low", "tpr_high", "recovered", "fell", "verdict", "digest",
    ),
}  # fmt: skip
OPTIONAL = ("baselines", "fidelity", "audits")
"""Tables that a run folder need not have; an empty one is not written."""


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything the page shows; each table has the columns of `COLUMNS` (checked), or is empty.

    Attributes:
        title: Heading of the page.
        config: The resolved configuration, nested plain values.
        versions: Package name → version, plus machine facts.
        scores: One row per model, test, endpoint and metric, with a bootstrap interval; roles are
            pooled, teacher, teacher_mean, consensus, student, hybrid, hybrid_mean, forest, and those of federated baselines
            (fedavg, fedprox, feddf, dsfl, fedmd, fedmd_mean, sge_mean, and baseline for those of other packages; of single companies
            fedmd_member, sge_member). Metric `gap_closed`
            belongs to roles student, hybrid, hybrid_mean and baselines, with the metric it closes after a colon (`gap_closed:auroc`).
        companies: Composition of each company: size, share of positives (classification, else NaN), label divergence, chemical separation.
        chemical_space: Two-dimensional map; `set` is a company name, `transfer` or `external`.
        calibration: Reliability points: mean predicted probability and observed share per bin.
        learning_curves: Loss per epoch; `split` is `train` or `validation`.
        contribution: Share of the consensus weight that each teacher carried, and its share of the labels.
        selection: Counts of transfer molecules per consensus soft-label bin (`in_bin` is the bin's centre) that the student learnt from.
        stages: What each stage cost this run: wall, processor and GPU seconds, the process's peak memory so far, energy in J and where
            that is from; and whether its result was there already.
        notes: Sentences on caveats (removed overlaps, dropped rows).
        baselines: Per way of working together: rounds, bytes that a company sends and gets, and what leaves it; empty without baselines.
        fidelity: Per head of a student of experts: how far it says what its teacher says, and which share of the company's substructures
            the transfer set holds; empty of other students.
        audits: Per audit of what the run released: the strongest attack, what a partner recovers, how many bounds fell; and a row per
            release that nobody audited. Empty where nothing was.
        promised: Sentences on what is certified of the student; none where nothing is.
    """

    title: str
    config: dict[str, Any]
    versions: dict[str, str]
    scores: pd.DataFrame
    companies: pd.DataFrame
    chemical_space: pd.DataFrame
    calibration: pd.DataFrame
    learning_curves: pd.DataFrame
    contribution: pd.DataFrame
    selection: pd.DataFrame
    stages: pd.DataFrame
    notes: tuple[str, ...] = field(default=())
    baselines: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS["baselines"])))
    fidelity: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS["fidelity"])))
    audits: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(COLUMNS["audits"])))
    promised: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the columns of every table.

        Raises:
            ShapeError: A column is missing.
        """
        check_columns(self, COLUMNS)
