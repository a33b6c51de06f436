"""The report: one self-contained HTML page."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fluid.artifacts import atomic_file
from fluid.reporting.costs import cost_by_kind, cost_sentence, reused_stages
from fluid.reporting.figures.bars import bar_chart, metrics_of, title_of
from fluid.reporting.figures.panels import (
    calibration_chart,
    companies_chart,
    contribution_chart,
    learning_chart,
    soft_label_chart,
    space_chart,
)
from fluid.reporting.narrative import sentences
from fluid.reporting.privacy_section import privacy_sentences, privacy_table
from fluid.reporting.report_data import ReportData
from fluid.reporting.tables import baseline_table, score_table

TEMPLATES = Path(__file__).parent / "templates"
FIGURE = re.compile(r'<figure [^>]*aria-label="([^"]*)"[^>]*>\s*(<svg.*?</svg>)', re.DOTALL)
CALIBRATED_ROLES = ("pooled", "consensus", "student")
COST_WORDS = {
    "seconds": "wall, s", "cpu_s": "processor, s", "gpu_s": "GPU, s", "peak_mb": "peak memory, MB", "energy_j": "energy, J",
    "energy_from": "energy from",
}  # fmt: skip


def html_table(table: pd.DataFrame, digits: int = 3) -> Markup:
    """Return a table as HTML, escaped."""
    return Markup(table.to_html(index=False, border=0, na_rep="–", float_format=lambda value: f"{value:.{digits}f}", classes="data"))


def readable(costs: pd.DataFrame) -> pd.DataFrame:
    """Return a table of costs with its columns named in words."""
    return costs.rename(columns=COST_WORDS)


def bar_figures(data: ReportData) -> list[dict[str, Any]]:
    """Return the bar chart of every endpoint and metric."""
    figures = []
    tests = list(dict.fromkeys(data.scores["test"]))
    for endpoint in dict.fromkeys(data.scores["endpoint"]):
        own = data.scores[data.scores["endpoint"] == endpoint]
        for metric in metrics_of(own):
            svg = Markup(bar_chart(own, tests, endpoint, metric))
            figures.append({"endpoint": endpoint, "metric": metric, "title": title_of(metric), "svg": svg})
    return figures


def small_figures(data: ReportData) -> list[dict[str, Any]]:
    """Return the other figures that there are data for."""
    tests = list(dict.fromkeys(data.calibration["test"]))
    named = data.scores.drop_duplicates("model")
    named = named[named["role"].isin(CALIBRATED_ROLES)]
    models: list[tuple[str, str]] = list(zip(named["model"], named["role"], strict=True))
    wanted: list[tuple[str, str, int, Callable[[], str], str]] = [
        ("companies", "Companies", len(data.companies), lambda: companies_chart(data.companies),
         "Molecules per company; the figure above a bar is its share of actives."),
        ("contribution", "Contribution per teacher", len(data.contribution), lambda: contribution_chart(data.contribution),
         "Share of the consensus weight over the transfer set, beside the share of the private molecules."),
        ("space", "Chemical space", len(data.chemical_space), lambda: space_chart(data.chemical_space),
         "First two principal components of Morgan fingerprints (radius 2) of a random sample of each set."),
        ("calibration", "Calibration", len(data.calibration) and len(tests), lambda: calibration_chart(data.calibration, models, tests),
         "Observed share of actives against predicted probability, ten bins; the dashed line is perfect calibration."),
        ("soft-labels", "Soft labels", len(data.selection), lambda: soft_label_chart(data.selection),
         "Transfer molecules that the student learnt from, by consensus soft label."),
        ("learning", "Learning curves", len(data.learning_curves), lambda: learning_chart(data.learning_curves),
         "Loss per epoch on each model's own validation part; the weights of the best epoch are kept."),
    ]  # fmt: skip
    return [
        {"id": f"fig-{name}", "title": title, "svg": Markup(draw()), "caption": caption} for name, title, n, draw, caption in wanted if n
    ]


def figures_of(page: str) -> dict[str, str]:
    """Return the figures of a page as SVG, by their labels made fit for a file's name."""
    return {re.sub("[^a-z0-9]+", "-", label.lower()).strip("-"): svg for label, svg in FIGURE.findall(page)}


def baseline_tables(data: ReportData) -> list[dict[str, Any]]:
    """Return the table of federated baselines of every endpoint; none without baselines."""
    endpoints = dict.fromkeys(data.scores["endpoint"]) if len(data.baselines) else ()
    return [{"endpoint": name, "html": html_table(baseline_table(data.scores, data.baselines, name))} for name in endpoints]


def render(data: ReportData) -> str:
    """Return the page as text; equal data give equal text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    places = dict.fromkeys(zip(data.scores["test"], data.scores["endpoint"], strict=True))
    tables = [
        {"test": test, "endpoint": endpoint, "html": html_table(score_table(data.scores, test, endpoint))} for test, endpoint in places
    ]
    stages = data.stages.assign(reused=reused_stages(data.stages).map({True: "reused", False: ""}))
    return environment.get_template("report.html").render(
        title=data.title,
        sentences=sentences(data.scores),
        bars=bar_figures(data),
        figures=small_figures(data),
        tables=tables,
        baselines=baseline_tables(data),
        fidelity=html_table(data.fidelity) if len(data.fidelity) else "",
        privacy=[*data.promised, *privacy_sentences(data.audits)],
        audits=html_table(privacy_table(data.audits)) if len(data.audits) else "",
        companies=html_table(data.companies),
        cost=cost_sentence(data.stages, data.config.get("cost", {})),
        costs=html_table(readable(cost_by_kind(data.stages)), digits=1),
        stages=html_table(readable(stages), digits=1),
        total_s=float(data.stages["seconds"].sum()),
        peak_mb=float(data.stages["peak_mb"].max()) if len(data.stages) else 0.0,
        config=json.dumps(data.config, indent=2, sort_keys=True),
        versions=data.versions,
        notes=data.notes,
    )


def write_report(data: ReportData, path: Path) -> None:
    """Write the page; it needs no other file and no network."""
    text = render(data)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
