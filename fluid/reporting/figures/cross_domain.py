"""Heat maps of every company's models on every company's chemistry."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from fluid.reporting.figures.bars import title_of
from fluid.reporting.style import as_svg

PANELS = ("teacher", "hybrid")


def matrix(rows: pd.DataFrame, models: Sequence[str], domains: Sequence[str]) -> np.ndarray:
    """Return the values `(models, domains)`; NaN where undefined, the mean where there are several."""
    wide = rows.pivot_table(index="model", columns="domain", values="value", aggfunc="mean", dropna=False)
    values: np.ndarray = wide.reindex(index=list(models), columns=list(domains)).to_numpy(float)
    return values


def cross_domain_chart(rows: pd.DataFrame, metric: str) -> str:
    """Draw teachers, hybrids, and the models that belong to nobody: one row per model, one column per domain.

    Args:
        rows: `model`, `role`, `domain`, `value` and `n` of one endpoint and metric; undefined values are shown as such.
        metric: Name of the metric.
    """
    domains = list(dict.fromkeys(rows["domain"]))
    sizes = rows.drop_duplicates("domain").set_index("domain")["n"]
    panels = {role: list(dict.fromkeys(rows.loc[rows["role"] == role, "model"])) for role in PANELS}
    panels["common"] = list(dict.fromkeys(rows.loc[~rows["role"].isin(PANELS), "model"]))
    drawn = {name: (models, matrix(rows, models, domains)) for name, models in panels.items() if models}
    finite = np.concatenate([values[np.isfinite(values)] for _, values in drawn.values()])
    low, high = (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, len(drawn), squeeze=False, sharex=False)[0]
        for axes, (name, (models, values)) in zip(grid, drawn.items(), strict=True):
            image = axes.imshow(values, vmin=low, vmax=high, cmap="viridis", aspect="auto")
            _write(axes, values, (low + high) / 2)
            axes.set_yticks(range(len(models)), models)
            axes.set_xticks(range(len(domains)), [f"{domain}\n{sizes[domain]}" for domain in domains], fontsize=7.5)
            axes.set(title={"teacher": "teachers", "hybrid": "hybrids"}.get(name, "models of all"), xlabel="domain (test molecules)")
            axes.tick_params(length=0)
            axes.set_facecolor("#eeeeee")
        figure.colorbar(image, ax=list(grid), label=title_of(metric), shrink=0.8)

    return as_svg(draw, 1.2 + 3.4 * max(len(drawn), 1), 1.5 + 0.32 * max(len(domains), 4))


def _write(axes: Any, values: np.ndarray, middle: float) -> None:
    for (row, column), value in np.ndenumerate(values):
        text, colour = (f"{value:.2f}", "white" if value < middle else "black") if np.isfinite(value) else ("–", "black")
        axes.text(column, row, text, ha="center", va="center", fontsize=6.5, color=colour)


def off_diagonal(rows: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Return mean and standard deviation, by role, over domains that are not the model's own; of several runs, the means of both.

    A model that belongs to nobody has no domain of its own: all count. Undefined values are left out.
    """
    foreign = rows[(rows["company"].fillna("") != rows["domain"]) & rows["value"].notna()]
    spread = foreign.groupby(["run", "role"], sort=False)["value"].agg(mean="mean", sd=lambda values: values.std(ddof=0))
    return {str(role): (float(own["mean"].mean()), float(own["sd"].mean())) for role, own in spread.groupby("role", sort=False)}
