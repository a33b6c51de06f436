"""The tables of a suite's page: every number knows the runs that it comes from."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fluid.evaluation.gap_interval import gap_closed_interval
from fluid.evaluation.holm import holm
from fluid.evaluation.perfection import perfect_value, relative_improvement_interval
from fluid.evaluation.seeds import paired_seeds_interval
from fluid.reporting.comparison import half_width, signed_text
from fluid.reporting.figures.bars import title_of
from fluid.reporting.published import has_published, published_gap, published_score
from fluid.reporting.significance import PLACE, ROLES, STORY, Differences, differences, model_differences
from fluid.reporting.suite_data import Experiment
from fluid.reporting.tables import amount

HEADLINE = ("mcc", "auroc", "rmse", "spearman")
LEVEL = 0.05
CLOSING = ("student", "hybrid_mean")
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell.

    Attributes:
        text: The number, or words.
        below: A second line.
        anchor: Where the runs are listed that it comes from; empty for what comes from no run.
        hint: The values that it was made of.
        bad: Whether runs are missing behind it.
    """

    text: str
    below: str = ""
    anchor: str = ""
    hint: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with headings in two lines.

    Attributes:
        title: What it shows.
        groups: First line: text and number of columns.
        head: Second line.
        rows: Cells.
    """

    title: str
    groups: tuple[tuple[str, int], ...]
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


def tidy(experiment: Experiment) -> pd.DataFrame:
    """Return the scores of the models that matter, with the seed as `block`."""
    chosen = experiment.scores[experiment.scores["role"].isin(ROLES)]
    return chosen.assign(block=chosen["seed"])


def headline_metrics(scores: pd.DataFrame) -> list[str]:
    """Return the metrics that are shown: two for classes, two for values."""
    return [metric for metric in HEADLINE if metric in set(scores["metric"])]


def values_of(runs: pd.DataFrame, **place: str) -> pd.Series:
    """Return the values at one place by seed."""
    for name, value in place.items():
        runs = runs[runs[name] == value]
    return runs.set_index("block")["value"].astype(float)


def mean_text(values: pd.Series) -> str:
    """Return `0.812 ± 0.011`: mean and half the width of its 95 % t interval over seeds, which one seed does not have."""
    half = half_width(values)
    return f"{values.mean():.3f}" + (f" ± {half:.3f}" if math.isfinite(half) else "")


def score_cell(values: pd.Series, experiment: Experiment, setting: str) -> Cell:
    """Return mean and interval of a score, and what is missing behind it."""
    anchor, wanted, found = experiment.anchor(setting), len(experiment.seeds), values[np.isfinite(values)]
    if not len(found):
        return Cell(MISSING, anchor=anchor, bad=True)
    hint = ", ".join(f"seed {seed}: {value:.4f}" for seed, value in found.items())
    short = len(found) < wanted
    return Cell(mean_text(found), f"{len(found)} of {wanted} seeds" if short else "", anchor, hint, short)


def add_stars(text: str, p: float, p_corrected: float) -> str:
    """Return a text with the mark of its significance."""
    return text + (" **" if p_corrected < LEVEL else " *" if p < LEVEL else "")


def setting_pairs(runs: pd.DataFrame, metrics: Sequence[str]) -> Differences:
    """Compare the settings of an experiment for the models and metrics that its tables show."""
    return differences(runs[runs["role"].isin(STORY) & runs["metric"].isin(metrics)], PLACE, "setting")


def correct_together(pairs: pd.DataFrame) -> pd.DataFrame:
    """Return pairs with `p_all`: corrected by Holm for all of them together."""
    return pairs.assign(p_all=holm(pairs["p"].to_numpy(float)) if len(pairs) else pairs["p"])


def difference_cell(runs: pd.DataFrame, pairs: pd.DataFrame, experiment: Experiment, place: dict[str, str]) -> Cell:
    """Return second setting minus first, paired over the seeds that both have, with its interval, mark and verdict."""
    first, second = (values_of(runs, setting=setting, **place) for setting in experiment.settings)
    both = pd.concat([first, second], axis=1, keys=["first", "second"]).dropna()
    found = paired_seeds_interval(both["second"].to_numpy(), both["first"].to_numpy())
    text = signed_text(*found, 3)
    own = pairs
    for name, value in place.items():
        own = own[own[name] == value]
    if not len(own):
        return Cell(text)
    row = own.iloc[0]
    turned = {"better": "worse", "worse": "better"}
    words = " ".join(turned.get(word, word) for word in str(row["verdict"]).split())
    return Cell(add_stars(text, row["p"], row["p_all"]), words if words != "undecided" else "", hint=f"p = {row['p']:.3g}")


def _share(interval: tuple[float, float, float]) -> str:
    value, low, high = (f"{100 * number:.0f}".replace("-", "−") for number in interval)
    if not math.isfinite(interval[0]):
        return "–"
    return f"{value} % ({low} to {high})" if math.isfinite(interval[1]) and math.isfinite(interval[2]) else f"{value} %"


def _paired_values(runs: pd.DataFrame, setting: str, roles: Sequence[str], place: dict[str, str]) -> list[np.ndarray]:
    table = pd.concat([values_of(runs, setting=setting, role=role, **place) for role in roles], axis=1, keys=roles).dropna()
    return [table[role].to_numpy() for role in roles]


def gap_cell(runs: pd.DataFrame, experiment: Experiment, setting: str, role: str, place: dict[str, str]) -> Cell:
    """Return the share of the gap between mean teacher and pooled model that a model closed, with Fieller's interval."""
    own, teachers, pooled = _paired_values(runs, setting, (role, "teacher_mean", "pooled"), place)
    return Cell(_share(gap_closed_interval(own, teachers, pooled)), anchor=experiment.anchor(setting))


def perfection_cell(runs: pd.DataFrame, experiment: Experiment, setting: str, place: dict[str, str]) -> Cell:
    """Return how much of what the mean teacher lacks to a perfect model the student brings."""
    student, teachers = _paired_values(runs, setting, ("student", "teacher_mean"), place)
    return Cell(_share(relative_improvement_interval(student, teachers, perfect_value(place["metric"]))), anchor=experiment.anchor(setting))


def headline_table(experiment: Experiment, runs: pd.DataFrame, pairs: pd.DataFrame, endpoint: str, metric: str, beside: bool) -> Table:
    """Return models by settings, on every test: the difference of two settings beside them, and the paper's figures where wanted.

    Args:
        experiment: The experiment.
        runs: Its tidy scores.
        pairs: Its compared settings, with `p_all`.
        endpoint: One endpoint.
        metric: One metric.
        beside: Whether the paper's figures are wanted.
    """
    settings, two = experiment.settings, len(experiment.settings) == 2
    tests = list(dict.fromkeys(runs["test"]))
    groups, head, columns = [], [], []
    for test in tests:
        place = {"test": test, "endpoint": endpoint, "metric": metric}
        with_paper = beside and has_published(metric, test)
        groups.append((test, len(settings) + two + with_paper))
        for setting in settings:
            head.append(Cell(setting, ", ".join(configs_of(experiment, setting)), experiment.anchor(setting)))
            columns.append(_setting_column(experiment, runs, setting, place))
        if two:
            head.append(Cell("difference", "second − first"))
            columns.append([*(difference_cell(runs, pairs, experiment, {**place, "role": role}) for role in STORY), *[Cell("")] * 3])
        if with_paper:
            head.append(Cell("paper", "its data, one run"))
            shares = [Cell(published_gap(metric, test, role)) for role in CLOSING]
            columns.append([*(Cell(published_score(metric, test, role)) for role in STORY), *shares, Cell("–")])
    names = [role.replace("_", " ") for role in STORY] + [f"gap closed by {role.replace('_', ' ')}" for role in CLOSING]
    names.append("student, way to perfect")
    rows = tuple((Cell(name), *cells) for name, *cells in zip(names, *columns, strict=True))
    return Table(f"{title_of(metric)}, {endpoint}", tuple(groups), tuple(head), rows)


def _setting_column(experiment: Experiment, runs: pd.DataFrame, setting: str, place: dict[str, str]) -> list[Cell]:
    scores = [score_cell(values_of(runs, setting=setting, role=role, **place), experiment, setting) for role in STORY]
    shares = [gap_cell(runs, experiment, setting, role, place) for role in CLOSING]
    return [*scores, *shares, perfection_cell(runs, experiment, setting, place)]


def configs_of(experiment: Experiment, setting: str) -> list[str]:
    """Return the hashes of the settings of the runs behind a setting: one, unless a run is of another version."""
    own = experiment.runs[experiment.runs["setting"] == setting]
    return [text for text in dict.fromkeys(own["config"]) if text]


def baseline_tables(experiment: Experiment, runs: pd.DataFrame) -> Iterator[Table]:
    """Yield accuracy, rounds, bytes and what leaves a company for each way of working together, beside the student."""
    for setting in dict.fromkeys(experiment.facts["setting"]):
        own, facts = runs[runs["setting"] == setting], experiment.facts[experiment.facts["setting"] == setting]
        metrics = headline_metrics(own)
        found = model_differences(own[own["metric"].isin(metrics)])
        pairs = correct_together(found.pairs[(found.pairs["first"] == "student") | (found.pairs["second"] == "student")])
        for endpoint in dict.fromkeys(own["endpoint"]):
            yield _baseline_table(experiment, own[own["endpoint"] == endpoint], facts, pairs, setting, metrics)


def _baseline_table(
    experiment: Experiment, runs: pd.DataFrame, facts: pd.DataFrame, pairs: pd.DataFrame, setting: str, metrics: Sequence[str]
) -> Table:
    endpoint, anchor = str(runs["endpoint"].iloc[0]), experiment.anchor(setting)
    tests = list(dict.fromkeys(runs["test"]))
    places = [{"test": test, "endpoint": endpoint, "metric": metric} for test in tests for metric in metrics]
    role_of = dict(zip(runs["model"], runs["role"], strict=True))
    rows = []
    for model, own in facts.groupby("model", sort=False):
        role = role_of.get(str(model), "")
        cells = [_against_student(runs, pairs, experiment, setting, {**place, "role": role}) for place in places]
        rounds, up, down = (float(own[name].mean()) for name in ("rounds", "bytes_up", "bytes_down"))
        told = [f"{rounds:.0f}" if math.isfinite(rounds) else "–", amount(up), amount(down)]
        rows.append((Cell(str(model)), *cells, *(Cell(text, anchor=anchor) for text in told), Cell(str(own["leaves"].iloc[0]))))
    shown = [title_of(metric) for metric in metrics]
    groups = (*((test, len(metrics)) for test in tests), ("cost per company", 4))
    last = [Cell("rounds"), Cell("bytes up"), Cell("bytes down"), Cell("what leaves it")]
    head = (*(Cell(name, "minus student") for _ in tests for name in shown), *last)
    return Table(f"{setting}, {endpoint}", groups, head, tuple(rows))


def _against_student(runs: pd.DataFrame, pairs: pd.DataFrame, experiment: Experiment, setting: str, place: dict[str, str]) -> Cell:
    cell = score_cell(values_of(runs, **place), experiment, setting)
    if place["role"] == "student" or cell.text == MISSING:
        return cell
    own = pairs[(pairs["first"] == place["role"]) | (pairs["second"] == place["role"])]
    for name in ("test", "endpoint", "metric"):
        own = own[own[name] == place[name]]
    if not len(own):
        return cell
    row = own.iloc[0]
    sign = 1 if row["second"] == "student" else -1
    text = f"{sign * row['difference']:+.3f}".replace("-", "−")
    return Cell(cell.text, add_stars(text, row["p"], row["p_all"]), cell.anchor, f"{cell.hint}; p = {row['p']:.3g} (Tukey)", cell.bad)
