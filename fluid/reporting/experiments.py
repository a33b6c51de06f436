"""The figures of experiments: what each worked experiment of `conf/experiment` draws from all of its runs.

An experiment names its figure by the key `figure` of its settings, which every run keeps. `experiment_figures` draws them, for the
comparison page of a sweep or for any other page.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pandas as pd

from fluid.errors import ConfigError
from fluid.evaluation.seeds import paired_seeds_interval
from fluid.reporting.comparison import half_width
from fluid.reporting.figures.bars import title_of
from fluid.reporting.figures.cross_domain import cross_domain_chart, off_diagonal
from fluid.reporting.figures.curves import curve_chart
from fluid.reporting.figures.panels import companies_chart, heterogeneity_chart, space_chart
from fluid.reporting.figures.setting_bars import difference_bars, grouped_bars, protocol_bars, role_bars
from fluid.reporting.published import CITATION, DOI, published, published_points
from fluid.reporting.style import ROLE_COLOURS

METRICS = ("mcc", "auroc", "rmse", "spearman")
MODELS = ("pooled", "teacher_mean", "consensus", "student", "hybrid_mean")
LEARNT = ("consensus", "student", "hybrid_mean")
MEANS = "Means over seeds with 95 % t intervals; one seed has none."
NOBODY = "none"


class ExperimentFigure(NamedTuple):
    """A figure with what it shows; `svg` is one SVG element."""

    title: str
    svg: str
    caption: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """All runs that ask for one figure.

    Attributes:
        figure: Name of the figure, one of `FIGURES`.
        scores: Their scores: `run`, `seed`, `setting` (a text of all other settings that differ), `x` (what the figure varies), and the
            columns of `metrics.csv`.
        tables: Their other tables by name, with `run`, `seed` and `setting` in front.
    """

    figure: str
    scores: pd.DataFrame
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)


Draw = Callable[[Evidence], Iterator[ExperimentFigure]]


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """How a figure is drawn.

    Attributes:
        draw: Draws it.
        axis: Settings, by dotted names, that `x` stands for.
        x: Returns `x` from the settings of a run.
        tables: Tables of a run folder that it needs, besides the scores.
        classes_only: Whether there is nothing to see where all endpoints are values.
    """

    draw: Draw
    axis: tuple[str, ...] = ()
    x: Callable[[Mapping[str, Any]], Any] = lambda _: ""
    tables: tuple[str, ...] = ()
    classes_only: bool = False


def seed_means(table: pd.DataFrame, roles: Sequence[str]) -> pd.DataFrame:
    """Return mean, half width of its interval and number of runs over seeds, per test, endpoint, metric, setting, `x` and role."""
    groups = table[table["role"].isin(roles)].groupby(["test", "endpoint", "metric", "setting", "x", "role"], sort=False, dropna=False)
    return groups["value"].agg(mean="mean", half=half_width, runs="size").reset_index()


def seed_differences(table: pd.DataFrame, roles: Sequence[str], reference: object) -> pd.DataFrame:
    """Return the same of the difference to the run of equal seed whose `x` is the reference; without one there is no row."""
    place = ["test", "endpoint", "metric", "setting", "role"]
    chosen = table[table["role"].isin(roles)]
    zero = chosen[chosen["x"] == reference].groupby([*place, "seed"], dropna=False)["value"].mean().rename("zero").reset_index()
    joined = chosen[chosen["x"] != reference].merge(zero, on=[*place, "seed"])
    rows = []
    for key, own in joined.groupby([*place, "x"], sort=False, dropna=False):
        interval = paired_seeds_interval(own["value"], own["zero"])
        rows.append((*key, interval.value, interval.value - interval.low, len(own)))
    return pd.DataFrame(rows, columns=[*place, "x", "mean", "half", "runs"])


def panels(means: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame, list[str]]]:
    """Yield endpoint, metric, rows and tests of every figure that there are values for."""
    for endpoint in dict.fromkeys(means["endpoint"]):
        for metric in METRICS:
            own = means[(means["endpoint"] == endpoint) & (means["metric"] == metric)]
            if own["mean"].notna().any():
                yield endpoint, metric, own, list(dict.fromkeys(own["test"]))


def cited(text: str, points: Mapping[str, Mapping[str, float]]) -> str:
    """Return a caption, which says where published points are from if there are any."""
    return f"{text} Diamonds: {CITATION}." if any(points.values()) else text


def _curve(evidence: Evidence, title: str, x_title: str, text: str, log: bool) -> Iterator[ExperimentFigure]:
    means = seed_means(evidence.scores, MODELS).astype({"x": float})
    for endpoint, metric, own, tests in panels(means):
        points = {test: published_points(evidence.figure, test, metric) for test in tests}
        svg = curve_chart(own, tests, metric, x_title, points, log)
        yield ExperimentFigure(f"{title}: {title_of(metric)}, {endpoint}", svg, cited(f"{text} {MEANS}", points))


def student_size(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw what student and hybrids reach by the number of annotated molecules that were asked for."""
    text = "By the number of annotated molecules asked for (selection.n): a short class or a small transfer set gives fewer."
    yield from _curve(evidence, "Student size", "annotated molecules asked for", text, True)


def teacher_count(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw what consensus, student and hybrids reach by the number of companies that take part."""
    text = "By the number of companies that take part, largest first; the mean teacher and the pooled model are those of all companies."
    yield from _curve(evidence, "Teacher count", "companies that take part", text, False)


def leave_one_out(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw what leaving out each company changes."""
    differences = seed_differences(evidence.scores, LEARNT, NOBODY)
    several = evidence.scores["setting"].nunique() > 1
    for setting in dict.fromkeys(differences["setting"]):
        for endpoint, metric, own, tests in panels(differences[differences["setting"] == setting]):
            points = {test: _changes(published_points("leave_one_out", test, metric)) for test in tests}
            svg = difference_bars(own, tests, metric, points, "paper's student")
            text = f"Change when a company is left out of consensus, student and hybrids, paired by seed. {MEANS}"
            place = f"{endpoint} ({setting})" if several else endpoint
            yield ExperimentFigure(
                f"Leave one out: {title_of(metric)}, {place}",
                svg,
                cited(text, points) + (" Its T1 to T8 are other companies than ours." if any(points.values()) else ""),
            )


def _changes(values: Mapping[str, float]) -> dict[str, float]:
    return {name: value - values[NOBODY] for name, value in values.items() if name != NOBODY}


def _bars(evidence: Evidence, title: str, text: str, roles: Sequence[str] = MODELS) -> Iterator[ExperimentFigure]:
    means = seed_means(evidence.scores, roles)
    several = evidence.scores["setting"].nunique() > 1
    for setting in dict.fromkeys(means["setting"]):
        for endpoint, metric, own, tests in panels(means[means["setting"] == setting]):
            place = f"{endpoint} ({setting})" if several else endpoint
            yield ExperimentFigure(f"{title}: {title_of(metric)}, {place}", role_bars(own, tests, metric, roles), f"{text} {MEANS}")


def hard_soft(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw what is learnt from hard and from soft labels."""
    yield from _bars(evidence, "Hard or soft labels", "Student and hybrids taught the class, or the probability.")


def selection_modes(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw what is learnt from differently chosen molecules."""
    text = "Student and mean hybrid by what chose their annotated molecules (docs/results/choices.md)."
    yield from _bars(evidence, "Selection of molecules", text, ("student", "hybrid_mean"))


def protocols(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw protocols side by side."""
    for endpoint, metric, own, tests in panels(seed_means(evidence.scores, MODELS)):
        points = {test: published_points("protocols", test, metric) for test in tests}
        svg = protocol_bars(own, tests, metric, MODELS, points, "paper (published)")
        yield ExperimentFigure(
            f"Protocols: {title_of(metric)}, {endpoint}",
            svg,
            cited(f"Each protocol has its own pooled model and teachers. {MEANS}", points),
        )


def by_setting(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of each setting, with a text to put behind a title where there are several."""
    for setting, own in table.groupby("setting", sort=False):
        yield f" ({setting})" if table["setting"].nunique() > 1 else "", own


def cross_domain(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw each company's models on each company's chemistry."""
    for setting, table in by_setting(evidence.tables["cross_domain"]):
        for endpoint in dict.fromkeys(table["endpoint"]):
            for metric in METRICS:
                own = table[(table["endpoint"] == endpoint) & (table["metric"] == metric)]
                if len(own):
                    title = f"Cross-domain: {title_of(metric)}, {endpoint}{setting}"
                    yield ExperimentFigure(title, cross_domain_chart(own, metric), cross_domain_caption(own, metric))


def cross_domain_caption(rows: pd.DataFrame, metric: str) -> str:
    """Say what the matrix shows, and its mean and standard deviation off the diagonal beside the paper's."""
    text = (
        "In-domain test molecules by the company whose chemistry they are (the split's own rule), with their number below; "
        "– is undefined (no molecules, or one class). "
    )
    summary = off_diagonal(rows)
    ours = ", ".join(f"{role} {mean:.3f} ± {sd:.3f}" for role, (mean, sd) in summary.items())
    text += f"Mean ± standard deviation over the domains of others (student and pooled: over all domains): {ours or 'undefined'}."
    if metric == published()["metric"]:
        theirs = ", ".join(f"{role} {mean:.3f} ± {sd:.3f}" for role, (mean, sd) in published()["cross_domain"].items())
        text += f" The paper: {theirs} (doi:{DOI}), on its own data."
    several = rows["run"].nunique()
    return text + (f" Cells are means over {several} runs; T1 is the largest company of each." if several > 1 else "")


RULES = {"features": "every feature was seen in training (feature dictionary)", "nearest": "similar enough to the nearest that were learnt"}


def domain_gain(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw the share of test molecules in the domain of teacher, student and hybrid of each company."""
    for setting, table in by_setting(evidence.tables["domain_gain"].assign(mean=lambda rows: rows["in_domain"] / rows["n"])):
        for rule, text in RULES.items():
            own = table[table["rule"] == rule]
            places = own.groupby(["test", "company", "role"], sort=False)["mean"].agg(mean="mean", half=half_width).reset_index()
            tests, companies = (list(dict.fromkeys(own[name])) for name in ("test", "company"))
            colours = {role: ROLE_COLOURS[role] for role in ("teacher", "student", "hybrid")}
            shown = places.rename(columns={"company": "group", "role": "bar"})
            svg = grouped_bars(shown, tests, "share in domain", companies, colours, {}, "")
            yield ExperimentFigure(f"Domain gain: {rule}{setting}", svg, domain_gain_caption(own, text))


def domain_gain_caption(rows: pd.DataFrame, rule: str) -> str:
    """Say how many molecules hybrids bring into domain, beside the paper."""
    hybrids = rows[rows["role"] == "hybrid"].groupby("test", sort=False).agg(low=("gained", "min"), high=("gained", "max"), of=("n", "max"))
    gains = "; ".join(f"{test} {low} to {high} of {of}" for test, low, high, of in hybrids.itertuples())
    theirs = published()["domain_gain"]
    paper = f"The paper, by features: {theirs['low']:,} to {theirs['high']:,} of {theirs['of']:,} external (doi:{DOI}), on its own data."
    return f"In domain: {rule}. Hybrids bring into their company's domain: {gains}. {paper}"


SHARES = {"shapley": "#0072B2", "leave_one_out": "#E69F00"}


def contribution(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw what each teacher adds to the consensus."""
    for setting, table in by_setting(evidence.tables["contribution"]):
        for endpoint, metric in dict.fromkeys(zip(table["endpoint"], table["metric"], strict=True)):
            own = table[(table["endpoint"] == endpoint) & (table["metric"] == metric)]
            shown = own.melt(["test", "company"], list(SHARES), "bar", "value").rename(columns={"company": "group"})
            means = shown.groupby(["test", "group", "bar"], sort=False)["value"].agg(mean="mean", half=half_width).reset_index()
            tests, companies = (list(dict.fromkeys(own[name])) for name in ("test", "company"))
            svg = grouped_bars(means, tests, title_of(metric), companies, SHARES, {}, "")
            together = "; ".join(f"{test} {value:.3f}" for test, value in own.groupby("test", sort=False)["together"].mean().items())
            text = (
                f"What each teacher adds to the consensus, asked directly (no student): Shapley value over {own['by'].iloc[0]}, and loss "
                f"without it. Shapley values sum to the consensus of all ({together}) less that of guessing. {MEANS}"
            )
            yield ExperimentFigure(f"Contribution: {title_of(metric)}, {endpoint}{setting}", svg, text)


def chemical_space(evidence: Evidence) -> Iterator[ExperimentFigure]:
    """Draw who has which molecules; each run of another division has figures of its own, of several seeds the first."""
    for setting, companies in by_setting(evidence.tables["companies"]):
        first = companies["run"] == companies["run"].iloc[0]
        space = evidence.tables["chemical_space"]
        space = space[space["run"] == companies["run"].iloc[0]]
        seed = f" (seed {companies['seed'].iloc[0]})" if companies["run"].nunique() > 1 else ""
        yield ExperimentFigure(
            f"Companies{setting}{seed}",
            companies_chart(companies[first]),
            "Molecules per company; the figure above a bar is its share of actives.",
        )
        yield ExperimentFigure(
            f"Heterogeneity{setting}{seed}", heterogeneity_chart(companies[first]),
            "Jensen–Shannon divergence of a company's labels from all labels (0 to 1 bits); mean nearest-neighbour Tanimoto similarity "
            "within the company less that to the others (0 for a random split).",
        )  # fmt: skip
        yield ExperimentFigure(
            f"Chemical space{setting}{seed}", space_chart(space),
            "First two principal components of Morgan fingerprints (radius 2) of a random sample of each set.",
        )  # fmt: skip


def count_taking_part(settings: Mapping[str, Any]) -> int:
    """Return how many companies take part by the settings of a run."""
    value, left_out = (settings.get(f"companies.{key}") for key in ("taking_part", "left_out"))
    asked = settings["companies.n"] if value is None else value if isinstance(value, int) else str(value).count(",") + 1
    return int(asked) - bool(left_out)


FIGURES: Mapping[str, FigureSpec] = {
    "student_size": FigureSpec(student_size, ("selection.n",), lambda settings: settings["selection.n"]),
    "teacher_count": FigureSpec(teacher_count, ("companies.taking_part",), count_taking_part),
    "leave_one_out": FigureSpec(leave_one_out, ("companies.left_out",), lambda settings: settings.get("companies.left_out") or NOBODY),
    "hard_soft": FigureSpec(
        hard_soft, ("distillation.labels", "hybrid.labels"), lambda settings: settings["distillation.labels"], classes_only=True
    ),
    "selection_modes": FigureSpec(selection_modes, ("selection.mode",), lambda settings: settings["selection.mode"]),
    "protocols": FigureSpec(protocols, ("protocol",), lambda settings: settings["protocol"]),
    "cross_domain": FigureSpec(cross_domain, tables=("analyses/cross_domain.csv",)),
    "domain_gain": FigureSpec(domain_gain, tables=("analyses/domain_gain.csv",)),
    "contribution": FigureSpec(contribution, tables=("analyses/contribution.csv",)),
    "chemical_space": FigureSpec(chemical_space, tables=("report_data/companies.csv", "report_data/chemical_space.csv")),
}


def check_figure(name: str | None, kinds: Sequence[str]) -> None:
    """Refuse a figure that is unknown, or that the endpoints give nothing to see in.

    Args:
        name: The figure that an experiment asks for; `None`: none.
        kinds: Kinds of its endpoints.

    Raises:
        ConfigError: The figure is unknown, or compares classes and no endpoint is one.
    """
    if name is None:
        return
    if name not in FIGURES:
        raise ConfigError(f"figure is {name!r}", expected="null or one of " + ", ".join(FIGURES))
    if FIGURES[name].classes_only and "classification" not in kinds:
        raise ConfigError(f"experiment={name} compares what is done with classes", expected="an endpoint that is a class, not only values")


def experiment_figures(evidence: Sequence[Evidence]) -> list[ExperimentFigure]:
    """Draw the figures of all experiments that there is evidence for; equal evidence gives equal figures."""
    return [figure for one in evidence for figure in FIGURES[one.figure].draw(one)]
