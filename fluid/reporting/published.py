"""The paper's own figures: facts, kept in `published.json` with their source."""

from functools import cache
from pathlib import Path
from typing import Any

from fluid.artifacts import read_json
from fluid.reporting.tables import interval_text, percent

NAN = float("nan")
DOI = "10.1038/s42256-025-00991-2"
CITATION = f"the paper's own figures (doi:{DOI}), on its own data"


@cache
def published_figures() -> dict[str, Any]:
    """Return the figures (`scores` and `gap_closed` nested as metric → test → role, then experiments by name) and where they are from."""
    found: dict[str, Any] = read_json(Path(__file__).with_name("published.json"))
    return found


def published_score(metric: str, test: str, role: str) -> str:
    """Return a score of the paper as a text, with minimum and maximum over companies where it has them; `–` if it has none."""
    found = published_figures()["scores"].get(metric, {}).get(test, {}).get(role)
    return interval_text(found["value"], found.get("low", NAN), found.get("high", NAN)) if found else "–"


def published_gap(metric: str, test: str, role: str) -> str:
    """Return a share of the gap that the paper's models closed, as a text; `–` if it has none."""
    return percent(published_figures()["gap_closed"].get(metric, {}).get(test, {}).get(role, NAN))


def has_published(metric: str, test: str) -> bool:
    """Return whether the paper has figures of this kind."""
    return test in published_figures()["scores"].get(metric, {})


def published_points(experiment: str, test: str, metric: str) -> dict[str, float]:
    """Return the paper's values of an experiment on a test, by what was varied; empty where it has none.

    Of `protocols`, the scores by role.
    """
    if experiment == "protocols":
        return {role: score["value"] for role, score in published_figures()["scores"].get(metric, {}).get(test, {}).items()}
    values: dict[str, float] = published_figures()[experiment].get(test, {}) if metric == published_figures()["metric"] else {}
    return values
