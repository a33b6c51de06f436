"""The comparison page of a sweep: what each setting gave, over seeds, for those models that matter most."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure
from scipy import stats

from fluid.artifacts import atomic_file
from fluid.reporting.figures.bars import metrics_of, title_of
from fluid.reporting.style import ROLE_COLOURS, as_svg

TEMPLATES = Path(__file__).parent / "templates"
ROLES = ("pooled", "teacher_mean", "consensus", "student", "hybrid_mean")
SEEDS = ("seed", "student_seed")
LEVEL = 0.95


def half_width(values: pd.Series) -> float:
    """Return half the width of the t interval of a mean (95 %); NaN for fewer than two values."""
    n = len(values)
    return float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def label(row: pd.Series, names: Sequence[str]) -> str:
    """Return a setting as a short text."""
    return ", ".join(f"{name.removesuffix('.method')}={row[name]}" for name in names) or "all runs"


def summary(table: pd.DataFrame, settings: Sequence[str]) -> pd.DataFrame:
    """Return mean, half width of its interval and number of runs per setting, test, endpoint, metric and model.

    Seeds are no settings: their runs are averaged.
    """
    names = [name for name in settings if name not in SEEDS]
    chosen = table[table["role"].isin(ROLES)].copy()
    chosen["setting"] = [label(row, names) for _, row in chosen.iterrows()]
    groups = chosen.groupby(["test", "endpoint", "metric", "setting", "role"], sort=False, dropna=False)["value"]
    return groups.agg(mean="mean", half=half_width, runs="size").reset_index()


def dot_chart(part: pd.DataFrame) -> str:
    """Draw mean and interval of every model, one line per setting."""
    lines = list(dict.fromkeys(part["setting"]))
    roles = [role for role in ROLES if role in set(part["role"])]

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for number, role in enumerate(roles):
            own = part[part["role"] == role]
            places = [lines.index(line) + (number - (len(roles) - 1) / 2) * 0.14 for line in own["setting"]]
            axes.errorbar(
                own["mean"], places, xerr=own["half"].fillna(0), fmt="o", markersize=5, capsize=2, color=ROLE_COLOURS[role],
                label=role.replace("_", " "),
            )  # fmt: skip
        axes.set_yticks(range(len(lines)), lines)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_xlabel(f"{title_of(part['metric'].iloc[0])}, mean over seeds with its 95 % interval")
        axes.grid(axis="x", alpha=0.3)
        figure.legend(loc="outside upper center", ncols=len(roles), frameon=False)

    return as_svg(draw, 8.5, 1.2 + 0.5 * len(lines))


def wide_table(part: pd.DataFrame) -> Markup:
    """Return one line per setting, one column per model: mean ± half width."""
    cells = part.assign(
        text=[
            f"{mean:.3f}" + (f" ± {half:.3f}" if np.isfinite(half) else "") for mean, half in zip(part["mean"], part["half"], strict=True)
        ]
    )
    order = list(dict.fromkeys(part["setting"]))
    wide = cells.pivot(index="setting", columns="role", values="text").reindex(
        index=order, columns=[r for r in ROLES if r in set(part["role"])]
    )
    wide.insert(0, "runs", part.groupby("setting", sort=False)["runs"].max())
    wide.columns = [str(name).replace("_", " ") for name in wide.columns]
    return Markup(wide.rename_axis(None).to_html(border=0, na_rep="–", classes="data"))


def render_comparison(table: pd.DataFrame, settings: Sequence[str], unfinished: Sequence[str], title: str) -> str:
    """Return the page as text; equal results give equal text."""
    found = summary(table, settings)
    panels = []
    for (test, endpoint), own in found.groupby(["test", "endpoint"], sort=False):
        for metric in metrics_of(own):
            part = own[own["metric"] == metric]
            if part["mean"].notna().any():
                title_of_panel = f"{title_of(metric)}, {test}, {endpoint}"
                panels.append({"title": title_of_panel, "svg": Markup(dot_chart(part)), "table": wide_table(part)})
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("comparison.html").render(
        title=title, runs=table["run"].nunique(), settings=", ".join(settings) or "none", unfinished=unfinished, panels=panels
    )


def write_comparison(table: pd.DataFrame, settings: Sequence[str], unfinished: Sequence[str], title: str, path: Path) -> None:
    """Write the page; it needs no other file and no network."""
    text = render_comparison(table, settings, unfinished, title)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
