"""Which settings of a sweep differ, and which models: paired by seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fluid.evaluation.holm import holm
from fluid.evaluation.margin import MARGINS
from fluid.evaluation.method_comparison import ComparedPair, Comparison, compare_methods
from fluid.evaluation.replicates import drop_incomplete, replicates
from fluid.evaluation.validation import LOWER_IS_BETTER, METRICS
from fluid.reporting.figures.bars import BASELINES

SEEDS = ("seed", "student_seed")
STORY = ("pooled", "teacher_mean", "consensus", "student", "hybrid_mean")
ROLES = (*STORY, *BASELINES)
ALIKE = "all runs"
MIN_SEEDS = 3
MOST_SETTINGS = 20
PLACE = ("test", "endpoint", "metric", "role")
PAIR_COLUMNS = (
    *PLACE, "first", "second", "seeds", "difference", "low", "high",
    "p", "p_holm", "p_t", "p_signed_rank", "g", "g_low", "g_high", "verdict",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Compared:
    """One model under all settings, by one metric on one test set and endpoint.

    Attributes:
        place: Test, endpoint, metric, role (empty where roles are compared).
        comparison: What was found.
    """

    place: tuple[str, str, str, str]
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Differences:
    """All comparisons of a sweep.

    Attributes:
        compared: One entry per test, endpoint, metric and role that has at least three seeds in common.
        pairs: The same as `pairs_table`.
        notes: Why there is none, or what was left out.
    """

    compared: tuple[Compared, ...]
    pairs: pd.DataFrame
    notes: tuple[str, ...]


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return for each dotted setting the shortest end of it that no other one has; a method goes by its group."""
    whole = {name: name.removesuffix(".method").split(".") for name in names}
    ends = {name: [".".join(parts[-n:]) for n in range(1, len(parts) + 1)] for name, parts in whole.items()}
    taken = [end for name in names for end in ends[name]]
    return {name: next((end for end in ends[name] if taken.count(end) == 1), name) for name in names}


def labels(table: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Return each row's settings as a short text; settings that a run does not have are left out where that keeps texts apart."""
    if not names:
        return [ALIKE] * len(table)
    short = short_names(names)
    rows = [[(short[name], value) for name, value in zip(names, row, strict=True)] for row in table[list(names)].itertuples(index=False)]
    whole = [", ".join(f"{name}={value}" for name, value in row) for row in rows]
    brief = [", ".join(f"{name}={value}" for name, value in row if not pd.isna(value)) for row in rows]
    return brief if len(set(brief)) == len(set(whole)) and all(brief) else whole


def tidy_runs(table: pd.DataFrame, settings: Sequence[str]) -> pd.DataFrame:
    """Return the rows of the models that matter with two columns more: `setting`, a text, and `block`, the seed that pairs runs.

    Args:
        table: What `fluid collect` gathers.
        settings: The settings that differ; seeds are none.
    """
    chosen = table[table["role"].isin(ROLES)].copy()
    chosen["setting"] = labels(chosen, [name for name in settings if name not in SEEDS])
    varying = [name for name in SEEDS if name in chosen and chosen[name].nunique(dropna=False) > 1]
    chosen["block"] = chosen[varying[0]] if varying else 0
    return chosen


def setting_differences(table: pd.DataFrame, settings: Sequence[str]) -> Differences:
    """Compare the settings of a sweep over the seeds that all of them have, for every test, endpoint, metric and model.

    Runs of one setting and seed (further seeds of the student) are averaged first: they are no independent replicates. A seed that a
    setting lacks, or where the metric is undefined, is left out of that comparison and named.

    Args:
        table: What `fluid collect` gathers.
        settings: The settings that differ.
    """
    runs = tidy_runs(table, settings)
    count = runs["setting"].nunique()
    if count < 2:
        return nothing("All runs have the same settings: there is nothing to compare.")
    if count > MOST_SETTINGS:
        return nothing(f"No significance: {count} settings, at most {MOST_SETTINGS} are compared pair by pair.")
    return differences(runs, PLACE, "setting")


def model_differences(runs: pd.DataFrame) -> Differences:
    """Compare the models of one setting with each other over its seeds, for each test, endpoint and metric: baselines beside ours.

    Args:
        runs: Tidy runs (see `tidy_runs`) of one setting; of each compared pair, `first` and `second` are roles.
    """
    return differences(runs, PLACE[:3], "role")


def differences(runs: pd.DataFrame, place: Sequence[str], method: str) -> Differences:
    """Compare what stands in one column of tidy runs, within each place, over the seeds that all of it have.

    Args:
        runs: Tidy runs.
        place: Columns that say what is compared: test, endpoint, metric, and the role where settings are compared.
        method: The column with what differs.
    """
    seeds = runs["block"].nunique()
    if seeds < MIN_SEEDS:
        return nothing(f"No significance: {seeds} seed{'s' * (seeds > 1)}, at least {MIN_SEEDS} are needed.")
    runs = runs[runs["metric"].isin(METRICS)]
    found: list[Compared] = []
    left_out: list[str] = []
    for names, part in runs.groupby(list(place), sort=False, dropna=False):
        kept, dropped = drop_incomplete(averaged(part, method), "block", method)
        left_out += dropped
        if kept["block"].nunique() >= MIN_SEEDS and kept[method].nunique() > 1:
            test, endpoint, metric, role = (*map(str, names), "")[:4]
            comparison = compare_methods(replicates(kept, "block", method), MARGINS.get(metric), metric not in LOWER_IS_BETTER)
            found.append(Compared((test, endpoint, metric, role), comparison))
    return Differences(tuple(found), pairs_table(found), tuple(_notes(left_out)))


def averaged(part: pd.DataFrame, method: str = "setting") -> pd.DataFrame:
    """Return one row per setting (or what else is compared) and block: the mean of its runs, NaN if one is."""
    groups = part.groupby([method, "block"], sort=False)["value"]
    return groups.agg(lambda values: values.mean(skipna=False)).reset_index()


def nothing(why: str) -> Differences:
    """Return no comparison, and why."""
    return Differences((), pairs_table(()), (why,))


def _notes(left_out: Sequence[str]) -> Iterator[str]:
    for seed in dict.fromkeys(left_out):
        times = left_out.count(seed)
        yield f"Seed {seed} is left out of {times} comparison{'s' * (times > 1)}: a setting has no run or no value there."


def pairs_table(compared: Sequence[Compared]) -> pd.DataFrame:
    """Return one row per pair of settings; `p` is Tukey's over settings, `p_holm` corrects it for the number of endpoints besides."""
    rows = [(*one.place, *_pair_row(pair, len(one.comparison.blocks))) for one in compared for pair in one.comparison.pairs]
    table = pd.DataFrame(rows, columns=list(PAIR_COLUMNS))
    families = table.groupby(["test", "metric", "role", "first", "second"], sort=False)["p"]
    return table.assign(p_holm=families.transform(lambda p: holm(p.to_numpy())) if len(table) else table["p"])


def _pair_row(pair: ComparedPair, seeds: int) -> tuple[object, ...]:
    return (pair.first, pair.second, seeds, *pair.difference, pair.p, np.nan, pair.p_t, pair.p_signed_rank, *pair.g, pair.verdict)
