"""The paper's own figures, as cited facts to be drawn beside ours: `published.json`."""

from functools import cache
from pathlib import Path
from typing import Any

from fluid.artifacts import read_json

DOI = "10.1038/s42256-025-00991-2"
CITATION = f"the paper's own figures (doi:{DOI}), on its own data"
FILE = Path(__file__).with_name("published.json")


@cache
def published() -> dict[str, Any]:
    """Return what the paper reports, by experiment."""
    values: dict[str, Any] = read_json(FILE)
    return values


def published_points(experiment: str, test: str, metric: str) -> dict[str, float]:
    """Return the paper's values of an experiment on a test, by what was varied; empty where it has none."""
    values: dict[str, float] = published()[experiment].get(test, {}) if metric == published()["metric"] else {}
    return values
