"""The comparison page of a sweep: what each setting gave, over seeds, for those models that matter most."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from matplotlib.figure import Figure
from scipy import stats

from fluid.artifacts import atomic_file
from fluid.evaluation.margin import MARGINS
from fluid.evaluation.validation import LOWER_IS_BETTER
from fluid.reporting.figures.bars import metrics_of, title_of
from fluid.reporting.significance import ROLES, Compared, Differences, setting_differences, tidy_runs
from fluid.reporting.style import ROLE_COLOURS, as_svg

TEMPLATES = Path(__file__).parent / "templates"
LEVEL = 0.95
HEADLINE = ("auroc", "mcc", "rmse")
LEARNT = ("consensus", "student", "hybrid_mean")


def half_width(values: pd.Series) -> float:
    """Return half the width of the t interval of a mean (95 %); NaN for fewer than two values."""
    n = len(values)
    return float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def summary(table: pd.DataFrame, settings: Sequence[str]) -> pd.DataFrame:
    """Return mean, half width of its interval and number of runs per setting, test, endpoint, metric and model.

    Seeds are no settings: their runs are averaged.
    """
    return summary_of(tidy_runs(table, settings))


def summary_of(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the same of tidy runs."""
    groups = runs.groupby(["test", "endpoint", "metric", "setting", "role"], sort=False, dropna=False)["value"]
    return groups.agg(mean="mean", half=half_width, runs="size").reset_index()


def dot_chart(part: pd.DataFrame) -> str:
    """Draw mean and interval of every model, one line per setting."""
    lines = list(dict.fromkeys(part["setting"]))
    roles = [role for role in ROLES if role in set(part["role"])]
    step = min(0.14, 0.8 / len(roles))

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        for number, role in enumerate(roles):
            own = part[part["role"] == role]
            places = [lines.index(line) + (number - (len(roles) - 1) / 2) * step for line in own["setting"]]
            axes.errorbar(
                own["mean"], places, xerr=own["half"].fillna(0), fmt="o", markersize=5, capsize=2, color=ROLE_COLOURS[role],
                label=role.replace("_", " "),
            )  # fmt: skip
        axes.set_yticks(range(len(lines)), lines)
        axes.set_ylim(len(lines) - 0.5, -0.5)
        axes.set_xlabel(title_of(part["metric"].iloc[0]))
        axes.grid(axis="x", alpha=0.3)
        figure.legend(loc="outside upper center", ncols=min(len(roles), 6), frameon=False)

    return as_svg(draw, 8.5, 1.2 + 0.5 * len(lines))


def wide_table(part: pd.DataFrame, letters: Mapping[tuple[str, str], str]) -> Markup:
    """Return one line per setting, one column per model: mean ± half width, and the letters of Tukey's test.

    Args:
        part: Rows of `summary` for one test, endpoint and metric.
        letters: By role and setting.
    """
    rows = part[["mean", "half", "role", "setting"]].itertuples(index=False)
    texts = [
        (f"{mean:.3f}" if np.isfinite(mean) else "–") + (f" ± {half:.3f}" if np.isfinite(half) else "")
        + (f" <sup>{letters[role, setting]}</sup>" if (role, setting) in letters else "")
        for mean, half, role, setting in rows
    ]  # fmt: skip
    cells = part.assign(text=texts, setting=[str(escape(setting)) for setting in part["setting"]])
    order = list(dict.fromkeys(cells["setting"]))
    wide = cells.pivot(index="setting", columns="role", values="text").reindex(
        index=order, columns=[r for r in ROLES if r in set(part["role"])]
    )
    wide.insert(0, "runs", cells.groupby("setting", sort=False)["runs"].max())
    wide.columns = [str(name).replace("_", " ") for name in wide.columns]
    return Markup(wide.rename_axis(None).to_html(border=0, na_rep="–", classes="data", escape=False))


def p_text(p: float) -> str:
    """Return a p value as a short text; a star below 0.05."""
    text = "–" if np.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"
    return text + (" *" if p < 1 - LEVEL else "")


def signed_text(value: float, low: float, high: float, digits: int) -> str:
    """Return `+0.012 (−0.003 to +0.027)`, or `–` where the value is undefined; no ends where they are."""
    value_text, *ends = (f"{number:+.{digits}f}".replace("-", "−") for number in (value, low, high))
    if np.isnan(value):
        return "–"
    return f"{value_text} ({ends[0]} to {ends[1]})" if np.isfinite([low, high]).all() else value_text


def difference_table(pairs: pd.DataFrame) -> Markup:
    """Return one line per model and pair of settings, with everything that the verdict rests on.

    Args:
        pairs: Rows of `pairs_table` for one test, endpoint and metric.
    """
    shown = pd.DataFrame(
        {
            "model": pairs["role"].str.replace("_", " "),
            "setting": pairs["first"],
            "minus": pairs["second"],
            "difference": [signed_text(*ends, 3) for ends in zip(pairs["difference"], pairs["low"], pairs["high"], strict=True)],
            "verdict": pairs["verdict"],
            "p": pairs["p"].map(p_text),
            "p (Holm)": pairs["p_holm"].map(p_text),
            "p alone (t, Wilcoxon)": pairs["p_t"].map(p_text) + ", " + pairs["p_signed_rank"].map(p_text),
            "Hedges' g": [signed_text(*ends, 1) for ends in zip(pairs["g"], pairs["g_low"], pairs["g_high"], strict=True)],
            "seeds": pairs["seeds"],
        }
    )
    if pairs["p"].equals(pairs["p_holm"].rename("p")):  # one endpoint: nothing to correct
        shown = shown.drop(columns="p (Holm)")
    return Markup(shown.to_html(border=0, index=False, classes="data"))


def overview_table(compared: Sequence[Compared]) -> Markup:
    """Return for each headline metric and learnt model: does any setting matter, which is best, and than which is it better."""
    rows = []
    for one in compared:
        test, endpoint, metric, role = one.place
        if metric in HEADLINE and role in LEARNT:
            rows.append({"test": test, "endpoint": endpoint, "metric": title_of(metric), "model": role.replace("_", " "), **_best(one)})
    return Markup(pd.DataFrame(rows).to_html(border=0, index=False, classes="data")) if rows else Markup()


def _best(one: Compared) -> dict[str, str]:
    found = one.comparison
    if found.identical:
        return {"ANOVA": "–", "best setting": "all equal", "better than": "–"}
    leaders = [name for name, letters in found.letters.items() if "a" in letters]
    best = (min if one.place[2] in LOWER_IS_BETTER else max)(leaders, key=found.means.__getitem__)
    beaten = [name for name, letters in found.letters.items() if not set(letters) & set(found.letters[best])]
    test = f"F({found.anova.df_methods}, {found.anova.df_error}) = {found.anova.f:.1f}, p {_equals(found.anova.p_corrected)}"
    return {"ANOVA": test, "best setting": best, "better than": "; ".join(beaten) or "none for sure"}


def _equals(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def panel(part: pd.DataFrame, differences: Differences) -> dict[str, object]:
    """Return what the page shows of one test, endpoint and metric.

    Args:
        part: Its rows of `summary`.
        differences: All comparisons.
    """
    place = tuple(part[["test", "endpoint", "metric"]].iloc[0])
    own = [one for one in differences.compared if one.place[:3] == place]
    letters = {(one.place[3], name): text for one in own for name, text in one.comparison.letters.items() if not one.comparison.identical}
    pairs = differences.pairs
    pairs = pairs[(pairs["test"] == place[0]) & (pairs["endpoint"] == place[1]) & (pairs["metric"] == place[2])]
    same = [one.place[3].replace("_", " ") for one in own if one.comparison.identical]
    pairs = pairs[~pairs["role"].isin([one.place[3] for one in own if one.comparison.identical])]
    return {
        "title": f"{title_of(place[2])}, {place[0]}, {place[1]}",
        "svg": Markup(dot_chart(part)),
        "table": wide_table(part, letters),
        "differences": difference_table(pairs) if len(pairs) else "",
        "same": ", ".join(same),
    }


def render_comparison(
    table: pd.DataFrame, settings: Sequence[str], unfinished: Sequence[str], title: str, figures: Sequence[tuple[str, str, str]] = ()
) -> str:
    """Return the page as text; equal results give equal text. `figures` are those of experiments: title, SVG, caption."""
    found, differences = summary(table, settings), setting_differences(table, settings)
    panels = []
    for _, own in found.groupby(["test", "endpoint"], sort=False):
        for metric in metrics_of(own):
            part = own[own["metric"] == metric]
            if part["mean"].notna().any():
                panels.append(panel(part, differences))
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("comparison.html").render(
        title=title, runs=table["run"].nunique(), settings=", ".join(settings) or "none", unfinished=unfinished, panels=panels,
        notes=differences.notes, overview=overview_table(differences.compared), margin=MARGINS["mcc"],
        figures=[{"title": name, "svg": Markup(svg), "caption": caption} for name, svg, caption in figures],
    )  # fmt: skip


def write_comparison(
    table: pd.DataFrame,
    settings: Sequence[str],
    unfinished: Sequence[str],
    title: str,
    path: Path,
    figures: Sequence[tuple[str, str, str]] = (),
) -> None:
    """Write the page; it needs no other file and no network."""
    text = render_comparison(table, settings, unfinished, title, figures)
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
