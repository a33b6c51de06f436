"""The results of a suite: one self-contained HTML page, `results.csv`, `results.json`, and a table for the README."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from fluid.artifacts import atomic_file, write_json
from fluid.errors import InputError
from fluid.evaluation.margin import MARGINS
from fluid.reporting.comparison import TEMPLATES, difference_table, dot_chart, summary_of
from fluid.reporting.figures.bars import title_of
from fluid.reporting.published import published_figures
from fluid.reporting.report_files import number
from fluid.reporting.suite_data import Experiment, SuiteData
from fluid.reporting.suite_tables import (
    Cell,
    Table,
    baseline_tables,
    configs_of,
    correct_together,
    headline_metrics,
    headline_table,
    setting_pairs,
    tidy,
)

TABLE, FACTS, PAGE = "results.csv", "results.json", "results.html"
BEGIN, END = "<!-- suite -->", "<!-- /suite -->"
DONE = "done"


@dataclass(frozen=True, slots=True)
class Panel:
    """What the page shows of one experiment.

    Attributes:
        name: Its name.
        question: What it asks.
        headlines: Tables of models by settings.
        baselines: Tables of ways of working together.
        figures: Charts, with titles.
        pairs: Differences, pair by pair, where there are more than two settings.
        notes: Why there is no significance, or what was left out of it.
        groups: Its runs: setting, hash, place on the page, rows.
    """

    name: str
    question: str
    headlines: tuple[Table, ...]
    baselines: tuple[Table, ...]
    figures: tuple[tuple[str, Markup], ...]
    pairs: Markup | str
    notes: tuple[str, ...]
    groups: tuple[dict[str, Any], ...]


def panel(experiment: Experiment, question: str, beside: bool) -> Panel:
    """Return what the page shows of an experiment.

    Args:
        experiment: The experiment.
        question: What it asks.
        beside: Whether the paper's figures are shown beside.
    """
    runs, groups = tidy(experiment), tuple(_groups(experiment))
    if not len(runs):
        return Panel(experiment.name, question, (), (), (), "", ("No run has scores.",), groups)
    metrics, several = headline_metrics(runs), len(experiment.settings) > 1
    found = setting_pairs(runs, metrics) if runs["setting"].nunique() > 1 else None
    pairs = correct_together(found.pairs) if found else correct_together(setting_pairs(runs.iloc[:0], ()).pairs)
    endpoints = list(dict.fromkeys(runs["endpoint"]))
    headlines = [headline_table(experiment, runs, pairs, endpoint, metric, beside) for endpoint in endpoints for metric in metrics]
    figures = tuple(_figures(runs, metrics[:1])) if several else ()
    more = difference_table(found.pairs) if found and len(found.pairs) and len(experiment.settings) > 2 else ""
    baselines, notes = tuple(baseline_tables(experiment, runs)), found.notes if found else ()
    return Panel(experiment.name, question, tuple(headlines), baselines, figures, more, notes, groups)


def _figures(runs: pd.DataFrame, metrics: list[str]) -> Iterator[tuple[str, Markup]]:
    found = summary_of(runs)
    for (test, endpoint, metric), part in found.groupby(["test", "endpoint", "metric"], sort=False):
        if metric in metrics and part["mean"].notna().any():
            yield f"{title_of(str(metric))}, {test}, {endpoint}", Markup(dot_chart(part))


def _groups(experiment: Experiment) -> Iterator[dict[str, Any]]:
    for setting in experiment.settings:
        own = experiment.runs[experiment.runs["setting"] == setting]
        rows = own.to_dict("records")
        yield {"setting": setting, "anchor": experiment.anchor(setting), "config": ", ".join(configs_of(experiment, setting)), "rows": rows}


def render_suite(data: SuiteData) -> str:
    """Return the page as text; equal results give equal text."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("suite.html").render(
        data=data,
        panels=[panel(data.of(name), data.questions.get(name, ""), data.published) for name in dict.fromkeys(data.runs["experiment"])],
        failed=data.runs[data.runs["status"] != DONE].to_dict("records"),
        done=int((data.runs["status"] == DONE).sum()),
        commits=sorted({text for text in data.runs["commit"] if text}),
        paper=published_figures() if data.published else None,
        margin=MARGINS["mcc"],
    )


def facts_of(data: SuiteData) -> dict[str, Any]:
    """Return runs, means and differences as plain values; what is undefined is null."""
    experiments = {}
    for name in dict.fromkeys(data.runs["experiment"]):
        runs = tidy(data.of(name))
        found = setting_pairs(runs, headline_metrics(runs)).pairs if runs["setting"].nunique() > 1 else None
        experiments[name] = {
            "question": data.questions.get(name, ""),
            "summary": _plain(summary_of(runs)) if len(runs) else [],
            "differences": _plain(found) if found is not None else [],
            "baselines": _plain(data.of(name).facts),
        }
    head = {"suite": data.suite, "tier": data.tier, "title": data.title, "command": data.command}
    return {**head, "experiments": experiments, "runs": _plain(data.runs), "notes": data.notes, "faults": data.faults}


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): number(value) for name, value in row.items()} for row in table.to_dict("records")]


def write_scores(data: SuiteData, folder: Path) -> None:
    """Write the table of a suite into its folder."""
    with atomic_file(folder / TABLE) as temporary:
        data.scores.to_csv(temporary, index=False)


def write_suite(data: SuiteData, folder: Path) -> None:
    """Write table, facts and page of a suite into its folder."""
    write_scores(data, folder)
    write_json(folder / FACTS, facts_of(data))
    text = render_suite(data)
    with atomic_file(folder / PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8")


def markdown(table: Table) -> list[str]:
    """Return a table as Markdown, both lines of its headings in one."""
    tests = [name for name, span in table.groups for _ in range(span)]
    heads = ["", *(f"{test}: {cell.text}" for test, cell in zip(tests, table.head, strict=True))]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    return [*lines, *("| " + " | ".join(map(_words, row)) + " |" for row in table.rows)]


def _words(cell: Cell) -> str:
    return f"{cell.text} ({cell.below})" if cell.below else cell.text


def suite_lines(data: SuiteData) -> list[str]:
    """Return the results of a suite as Markdown: its first metric, and the baselines, with how they were made."""
    lines = []
    for name in dict.fromkeys(data.runs["experiment"]):
        shown = panel(data.of(name), data.questions.get(name, ""), data.published)
        many = len(data.of(name).settings) > 1 or not shown.baselines
        first = [table for table in shown.headlines if many and table.title.startswith(shown.headlines[0].title.split(",")[0])]
        for table in (*first, *shown.baselines):
            lines += [f"*{name}*: {shown.question} {table.title}.", "", *markdown(table), ""]
    done, commits = data.runs["status"] == DONE, sorted({text[:7] for text in data.runs["commit"] if text})
    wanted = f"{done.sum()} of {len(data.runs)} runs" if not done.all() else f"{len(data.runs)} runs"
    made = f"Suite {data.suite}, tier {data.tier}, {wanted}; mean ± half width of the 95 % t interval over seeds"
    return [*lines, f"{made}; `*` p < 0.05, `**` also after Holm's correction. Made by `{data.command}` at commit {', '.join(commits)}."]


def put_into(page: Path, lines: list[str]) -> None:
    """Replace what stands between the lines `<!-- suite -->` and `<!-- /suite -->` of a Markdown page.

    Raises:
        InputError: There is no such page, or it lacks the lines.
    """
    check_page(page)
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN, 1)
    with atomic_file(page) as temporary:
        temporary.write_text(head + BEGIN + "\n" + "\n".join(lines) + "\n" + END + rest.split(END, 1)[1], encoding="utf-8")


def check_page(page: Path) -> None:
    """Refuse a page that results cannot be put into.

    Raises:
        InputError: There is no such page, or it lacks the lines.
    """
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    if not 0 <= text.find(BEGIN) < text.find(END):
        what = "it has no place for results" if text else "there is no such page"
        raise InputError(what, where=str(page), expected=f"a Markdown page with the lines {BEGIN} and {END}")
