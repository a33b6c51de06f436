"""Bars beside each other: models under several settings, or what a change of a setting does."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fluid.reporting.figures.bars import title_of
from fluid.reporting.style import COMPANY_COLOURS, ROLE_COLOURS, as_svg, grid

ROOM = 20  # most bars whose values can be written beside them


def grouped_bars(
    means: pd.DataFrame,
    tests: Sequence[str],
    y_title: str,
    groups: Sequence[str],
    bars: Mapping[str, str],
    points: Mapping[str, Mapping[str, float]],
    point_label: str,
) -> str:
    """Draw one panel per test: a group of bars per value of `group`, one bar per value of `bar`, with intervals over seeds.

    Args:
        means: `test`, `group`, `bar`, `mean` and `half` width of the interval; of a missing bar there is no row.
        tests: The tests.
        y_title: What is drawn.
        groups: Values of `group` in order.
        bars: Colours by values of `bar`, in order.
        points: Published values by test and group, drawn as diamonds.
        point_label: What these are.
    """

    def draw(figure: Figure) -> None:
        panels = figure.subplots(len(tests), 1, squeeze=False, sharey=True, sharex=True)[:, 0]
        for axes, test in zip(panels, tests, strict=True):
            _draw_bars(axes, means[means["test"] == test], groups, bars)
            _draw_points(axes, points.get(test, {}), groups, point_label)
            axes.axhline(0, color="#888888", linewidth=0.6)
            axes.set_title(test, loc="left", fontweight="bold")
            axes.set_ylabel(y_title)
            axes.margins(y=0.12)
            grid(axes)
        names = [group.replace("_", " ") for group in groups]
        panels[-1].set_xticks(range(len(groups)), names, rotation=20 if max(map(len, names), default=0) > 9 else 0)
        handles = {label: handle for axes in panels for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)}
        figure.legend(handles.values(), handles.keys(), loc="outside upper center", ncols=min(5, max(len(handles), 1)), frameon=False)

    return as_svg(draw, 9.2, 0.5 + 2.5 * max(len(tests), 1))


def _draw_bars(axes: Axes, means: pd.DataFrame, groups: Sequence[str], bars: Mapping[str, str]) -> None:
    """Draw one test's bars with their intervals, and their values where there is room."""
    width = 0.8 / max(len(bars), 1)
    for number, (bar, colour) in enumerate(bars.items()):
        rows = means[means["bar"] == bar].set_index("group").reindex(list(groups))
        x = np.arange(len(groups)) + (number - (len(bars) - 1) / 2) * width
        value = rows["mean"].to_numpy(float)
        axes.bar(x, np.nan_to_num(value), width=0.92 * width, color=colour, label=bar.replace("_", " "))
        known = rows["half"].notna().to_numpy()  # one seed has no interval
        axes.errorbar(x[known], value[known], yerr=rows["half"][known], fmt="none", ecolor="#222222", elinewidth=0.9, capsize=2)
        if len(groups) * len(bars) <= ROOM:
            _write_values(axes, x, value, value + np.where(value < 0, -1, 1) * rows["half"].fillna(0).to_numpy(float))


def _write_values(axes: Axes, x: np.ndarray, values: np.ndarray, ends: np.ndarray) -> None:
    """Write each defined value beyond the end of its interval."""
    for place, height, end in zip(x, values, ends, strict=True):
        if np.isfinite(height):
            over = (0, 7 if height >= 0 else -7)
            text = f"{height:.3f}"
            axes.annotate(text, (place, end), xytext=over, textcoords="offset points", ha="center", fontsize=6.5, va="center")


def _draw_points(axes: Axes, points: Mapping[str, float], groups: Sequence[str], label: str) -> None:
    """Draw one test's published values as diamonds."""
    cited = {group: value for group, value in points.items() if group in groups}
    if cited:
        places = [groups.index(group) for group in cited]
        axes.plot(places, list(cited.values()), color="#000000", marker="D", markersize=5, linestyle="none", label=label)


def role_bars(means: pd.DataFrame, tests: Sequence[str], metric: str, roles: Sequence[str]) -> str:
    """Draw the models of `role` under each setting `x`, one group per setting; arguments as of `grouped_bars`."""
    shown = means.assign(group=means["x"].astype(str), bar=means["role"])
    colours = {role: ROLE_COLOURS[role] for role in roles if role in set(means["role"])}
    return grouped_bars(shown, tests, title_of(metric), list(dict.fromkeys(shown["group"])), colours, {}, "")


def protocol_bars(
    means: pd.DataFrame, tests: Sequence[str], metric: str, roles: Sequence[str], points: Mapping[str, Mapping[str, float]], label: str
) -> str:
    """Draw protocols side by side, one group per model; published values as diamonds."""
    shown = means.assign(group=means["role"], bar=means["x"].astype(str))
    colours = dict(zip(dict.fromkeys(shown["bar"]), COMPANY_COLOURS, strict=False))
    return grouped_bars(shown, tests, title_of(metric), [role for role in roles if role in set(means["role"])], colours, points, label)


def difference_bars(
    differences: pd.DataFrame, tests: Sequence[str], metric: str, points: Mapping[str, Mapping[str, float]], label: str
) -> str:
    """Draw what each value of `x` changes for the models of `role`."""
    shown = differences.assign(group=differences["x"].astype(str), bar=differences["role"])
    colours = {role: ROLE_COLOURS[role] for role in dict.fromkeys(shown["bar"])}
    title = f"change of {title_of(metric)}"
    return grouped_bars(shown, tests, title, list(dict.fromkeys(shown["group"])), colours, points, label)
