"""Make an expected file from results: an interval for each model, test and metric, with its provenance.

Example, for a sweep: `python benchmarks/public_validation/record.py runs/NAME/collected.csv EXPECTED.json --tier smoke`
Example, for a suite: `python benchmarks/public_validation/record.py runs/SUITE-smoke/results.csv
benchmarks/public_validation/expected/SUITE-smoke.json --tier smoke`

The interval is the prediction interval of the mean over as many further seeds, mean ± t sd sqrt(2 / n), but at least mean ± floor. With
one seed there is no sd; the half width is then the wider floor of one seed. Command, commit and versions are read from the run folders
beside the table.
"""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.stats import t

from fluid.artifacts import atomic_file, read_json
from fluid.errors import FluidError
from fluid.evaluation.golden import KEY, GoldenError, Group, read_results, select_groups
from fluid.reporting.figures.bars import BASELINES
from fluid.runs.record import DONE, read_record

SUITE = "suite.json"
TIERS = {"smoke": 1, "nightly": 3, "paper": 5}
ROLES = ("pooled", "forest", "teacher_mean", "consensus", "student", "hybrid_mean", *BASELINES)
METRICS = ("auroc", "mcc", "brier", "rmse", "spearman")
LEVEL, FLOOR, ONE_SEED_FLOOR = 0.95, 0.01, 0.05


def row_of(key: Sequence[str], group: Group) -> dict[str, Any]:
    """Return the expected row of a group.

    Raises:
        GoldenError: A value is NaN, or a seed is there twice: no number to hold others to.
    """
    name = ", ".join(key)
    if not all(map(math.isfinite, group.values)):
        raise GoldenError(f"{name}: a value is NaN; such a row can only be left out (--roles, --metrics)")
    n = len(group.values)
    if len(set(group.seeds)) < n:
        raise GoldenError(f"{name}: a seed is there more than once")
    mean, sd = statistics.fmean(group.values), statistics.stdev(group.values) if n > 1 else None
    half = ONE_SEED_FLOOR if sd is None else max(FLOOR, float(t.ppf((1 + LEVEL) / 2, n - 1)) * sd * math.sqrt(2 / n))
    ends = {"low": round(mean - half, 6), "high": round(mean + half, 6), "n_seeds": n}
    return dict(zip(KEY, key, strict=True)) | ends | {"mean": round(mean, 6), "sd": None if sd is None else round(sd, 6)}


def check_seeds(groups: Mapping[Sequence[str], Group], tier: str) -> None:
    """Refuse results of too few seeds for the tier, or of rows with different seeds.

    Raises:
        GoldenError: They are.
    """
    seeds = {group.seeds for group in groups.values()}
    if not groups:
        raise GoldenError("no row of the wanted roles and metrics")
    if len({frozenset(own) for own in seeds}) > 1:
        raise GoldenError("rows have different seeds; a run is missing")
    n = len(set(next(iter(seeds))))
    if n < TIERS[tier]:
        raise GoldenError(f"{n} seeds, tier {tier} needs at least {TIERS[tier]}")


def only(values: list[Any], what: str) -> Any:
    """Return what all runs have in common.

    Raises:
        GoldenError: They differ.
    """
    if any(value != values[0] for value in values):
        raise GoldenError(f"the runs differ in their {what}; record results of one code on one machine")
    return values[0]


def command_in(runs: Path) -> str:
    """Return the command that made a suite or a sweep; empty if it was neither."""
    if (runs / SUITE).is_file():
        return str(read_json(runs / SUITE)["command"])
    made = f"{read_json(runs / 'sweep.json')['command']}; " if (runs / "sweep.json").is_file() else ""
    return made and f"{made}fluid collect folder=runs/{runs.name}"


def provenance(table: pd.DataFrame, runs: Path) -> dict[str, Any]:
    """Return how the results were made, from the records of the runs.

    Raises:
        GoldenError: A run has no record or did not end well, or the code was not one clean commit.
    """
    try:
        records = [read_record(runs / name) for name in dict.fromkeys(table["run"])]
        command = command_in(runs)
    except FluidError as error:
        raise GoldenError(str(error)) from None
    if any(record["status"] != DONE for record in records):
        raise GoldenError(f"{runs}: a run did not end well")
    commit = only([record.get("git_commit") for record in records], "commit")
    if not commit or commit.endswith("-dirty"):
        raise GoldenError(f"the runs were made by commit {commit or 'unknown'}; expected a clean checkout: commit first, then run")
    alone = "; ".join(record["command"] for record in records)
    return {
        "command": command or f"{alone}; fluid collect folder=runs/{runs.name}",
        "commit": commit,
        "seeds": sorted(map(int, set(table["seed"]))),
        "versions": only([record["versions"] for record in records], "versions"),
        "hardware": only([record["hardware"] for record in records], "hardware"),
        "ended": max(record["ended"] for record in records),
    }


def made(table: pd.DataFrame, runs: Path, tier: str, selection: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return an expected file.

    Raises:
        GoldenError: The results cannot be one.
    """
    groups = select_groups(table, selection)
    check_seeds(groups, tier)
    return {
        "tier": tier,
        "selection": {name: list(values) for name, values in selection.items()},
        "interval": {"kind": "prediction of the mean over n_seeds seeds", "level": LEVEL, "floor": FLOOR, "one_seed_floor": ONE_SEED_FLOOR},
        "rows": [row_of(key, group) for key, group in groups.items()],
        "provenance": provenance(table, runs),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the file; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS", help="table of fluid collect or fluid benchmark (CSV)")
    parser.add_argument("expected", type=Path, metavar="EXPECTED", help="JSON file to be made")
    parser.add_argument("--tier", choices=TIERS, required=True, help=f"fewest seeds: {TIERS}")
    parser.add_argument("--runs", type=Path, help="where the run folders lie; default: beside RESULTS")
    parser.add_argument("--roles", nargs="+", default=ROLES)
    parser.add_argument("--metrics", nargs="+", default=METRICS)
    options = parser.parse_args(arguments)
    try:
        table = read_results(options.results)
        selection = {"roles": options.roles, "metrics": options.metrics}
        expected = made(table, (options.runs or options.results.parent).resolve(), options.tier, selection)
    except GoldenError as error:
        print(f"record: {error}", file=sys.stderr)
        return 2
    with atomic_file(options.expected) as temporary:
        temporary.write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    print(f"{len(expected['rows'])} rows of {len(expected['provenance']['seeds'])} seeds: {options.expected}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
