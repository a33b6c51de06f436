"""Curves over a setting: what a student or hybrid reaches by the size of its lesson, or by the number of companies."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from fluid.reporting.figures.bars import title_of
from fluid.reporting.style import ROLE_COLOURS, as_svg, grid

LINES = ("-", "--", ":", "-.")
ENDS = ("pooled", "teacher_mean")
CURVES = ("consensus", "student", "hybrid_mean")


def curve_chart(
    means: pd.DataFrame, tests: Sequence[str], metric: str, x_title: str, points: Mapping[str, Mapping[str, float]], log: bool = False
) -> str:
    """Draw one panel per test: consensus, student and mean hybrid over `x`, with intervals over seeds, between two fixed ends.

    Args:
        means: `test`, `setting`, `x` (a number), `role`, `mean` and `half` width of the interval, of one endpoint and metric.
        tests: The tests.
        metric: Name of the metric.
        x_title: What is varied.
        points: Published values by test and `x`.
        log: Whether `x` is drawn by its logarithm.
    """
    settings = list(dict.fromkeys(means["setting"]))

    def draw(figure: Figure) -> None:
        panels = figure.subplots(1, len(tests), squeeze=False, sharey=True)[0]
        for axes, test in zip(panels, tests, strict=True):
            own = means[means["test"] == test]
            for setting, line in zip(settings, (LINES * len(settings))[: len(settings)], strict=True):
                _curves(axes, own[own["setting"] == setting], line, f" ({setting})" if len(settings) > 1 else "")
            if points.get(test):
                x = [float(value) for value in points[test]]
                axes.plot(x, list(points[test].values()), color="#000000", marker="D", markersize=4, linewidth=0.8, label="paper's student")
            axes.set(title=test, xlabel=x_title)
            if log:
                axes.set_xscale("log")
                ticks = sorted(set(own["x"]))
                axes.set_xticks(ticks, [f"{value:g}" for value in ticks], rotation=40)
                axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
                axes.xaxis.set_minor_locator(NullLocator())
            grid(axes, "both")
        panels[0].set_ylabel(title_of(metric))
        handles = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=min(4, max(len(handles), 1)), frameon=False)

    return as_svg(draw, 4.8 * max(len(tests), 1), 3.9 + 0.2 * max(0, len(settings) - 1))


def _curves(axes: Any, own: pd.DataFrame, line: str, suffix: str) -> None:
    for role in CURVES:
        rows = own[own["role"] == role].sort_values("x")
        if len(rows):
            axes.errorbar(
                rows["x"], rows["mean"], yerr=rows["half"].fillna(0), color=ROLE_COLOURS[role], linestyle=line, marker="o", markersize=3.5,
                linewidth=1.4, capsize=2, label=role.replace("_", " ") + suffix,
            )  # fmt: skip
    for role in ENDS:
        value = own.loc[own["role"] == role, "mean"].mean()
        if pd.notna(value):
            axes.axhline(value, color=ROLE_COLOURS[role], linewidth=1, linestyle=line, label=role.replace("_", " ") + suffix)
