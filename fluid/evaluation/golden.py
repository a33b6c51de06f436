"""Golden numbers: intervals that the results of an experiment must lie in, as one JSON file with their provenance.

An expected file holds `tier`, `selection` (roles and metrics that are looked at), `interval` (how the intervals were made), `rows` and
`provenance`. A row is one model on one test by one metric: `experiment`, `config`, `model`, `test`, `endpoint`, `metric`, `low`, `high`,
`n_seeds`, and for the reader `mean` and `sd`. What is evaluated is the mean over seeds.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.errors import FluidError

Key = tuple[str, ...]
KEY = ("experiment", "config", "model", "test", "endpoint", "metric")
NUMBERS = ("low", "high", "n_seeds")
COLUMNS = (*KEY, "role", "seed", "value")
PARTS = {"tier": str, "selection": dict, "interval": dict, "rows": list, "provenance": dict}
PROVENANCE = ("command", "commit", "seeds", "versions")


class GoldenError(FluidError):
    """A file that cannot be read as what it should be."""


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one row over seeds, in the order of the table."""

    seeds: tuple[str, ...]
    values: tuple[float, ...]


def read_results(path: Path) -> pd.DataFrame:
    """Read a table of `fluid collect` or `fluid benchmark`, names as text.

    Raises:
        GoldenError: There is no such file, it lacks a column, or it holds nothing.
    """
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys((*KEY, "role", "seed"), str), keep_default_na=False, na_values={"value": [""]})
    except (OSError, ValueError) as error:
        raise GoldenError(f"{path}: {error}") from None
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        raise GoldenError(f"{path}: no column {missing[0]!r}; expected the table that fluid collect makes")
    if table.empty:
        raise GoldenError(f"{path}: no rows")
    return table.assign(value=pd.to_numeric(table["value"], errors="coerce"))


def selected(table: pd.DataFrame, selection: Mapping[str, Sequence[str]]) -> dict[Key, Group]:
    """Return the groups of a table that are looked at, in its order."""
    own = table[table["role"].isin(selection["roles"]) & table["metric"].isin(selection["metrics"])]
    groups = own.groupby(list(KEY), sort=False)
    return {tuple(map(str, key)): Group(tuple(part["seed"]), tuple(map(float, part["value"]))) for key, part in groups}


def read_expected(path: Path) -> dict[str, Any]:
    """Read an expected file.

    Raises:
        GoldenError: The file is no JSON, lacks a part, or has a row that nothing could be evaluated by.
    """
    try:
        expected: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise GoldenError(f"{path}: {error}") from None
    wrong = [name for name, kind in PARTS.items() if not isinstance(expected, dict) or not isinstance(expected.get(name), kind)]
    wrong += [f"selection.{name}" for name in ("roles", "metrics") if not wrong and name not in expected["selection"]]
    wrong += [f"provenance.{name}" for name in PROVENANCE if not wrong and not expected["provenance"].get(name)]
    if wrong:
        raise GoldenError(f"{path}: no {wrong[0]}; expected a file that record.py made")
    if not expected["rows"]:
        raise GoldenError(f"{path}: no rows: such a check cannot fail")
    for number, row in enumerate(expected["rows"]):
        _check_row(row, f"{path}, row {number}")
    if len(by_key(expected)) < len(expected["rows"]):
        raise GoldenError(f"{path}: a row is there twice")
    return expected


def _check_row(row: Any, where: str) -> None:
    if not isinstance(row, dict) or any(not isinstance(row.get(name), str) for name in KEY):
        raise GoldenError(f"{where}: expected the texts {', '.join(KEY)}")
    numbers: list[Any] = [row.get(name) for name in NUMBERS]
    if any(isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number) for number in numbers):
        raise GoldenError(f"{where}: expected finite numbers low, high, n_seeds")
    low, high, n_seeds = numbers
    if low > high or n_seeds < 1:
        raise GoldenError(f"{where}: low {low}, high {high}, n_seeds {n_seeds}; expected low <= high and at least one seed")


def by_key(expected: Mapping[str, Any]) -> dict[Key, dict[str, Any]]:
    """Return the rows of an expected file by what they are of."""
    return {tuple(row[name] for name in KEY): row for row in expected["rows"]}


def narrowed(expected: Mapping[str, Any], experiment: str) -> dict[str, Any]:
    """Return an expected file with the rows of one experiment only.

    Raises:
        GoldenError: The file has no row of the experiment.
    """
    rows = [row for row in expected["rows"] if row["experiment"] == experiment]
    if not rows:
        raise GoldenError(f"no row of experiment {experiment!r} is expected: such a check cannot fail")
    return {**expected, "rows": rows}


def faults(results: pd.DataFrame, expected: Mapping[str, Any]) -> list[str]:
    """Return one line for everything in which results are not as expected; none if all is well."""
    rows, found = by_key(expected), selected(results, expected["selection"])
    other = {key[:2] for key in rows} ^ {key[:2] for key in found}
    lines = list(_other_experiments({key[:2] for key in rows}, {key[:2] for key in found}))
    for key, row in rows.items():
        if key[:2] not in other:
            lines += [f"{_told(key)}: {fault}" for fault in (_row_faults(found[key], row) if key in found else ("missing",))]
    lines += [f"{_told(key)}: extra, not among the expected rows" for key in found if key not in rows and key[:2] not in other]
    return lines


def _other_experiments(expected: set[Key], found: set[Key]) -> Iterator[str]:
    for experiment, config in sorted(expected - found):
        others = ", ".join(sorted(other for name, other in found if name == experiment))
        instead = f"; there is {experiment} with other settings (config {others})" if others else ""
        yield f"{experiment}, config {config}: missing{instead}"
    for experiment, config in sorted(found - expected):
        yield f"{experiment}, config {config}: extra, not among the expected experiments"


def _row_faults(group: Group, row: Mapping[str, Any]) -> Iterator[str]:
    twice = sorted({seed for seed in group.seeds if group.seeds.count(seed) > 1})
    if twice:
        yield f"seed {', '.join(twice)} is there more than once"
    count = len(set(group.seeds))
    if count != row["n_seeds"]:
        yield f"{count} seeds, expected {row['n_seeds']}"
    undefined = [seed for seed, value in zip(group.seeds, group.values, strict=True) if not math.isfinite(value)]
    if undefined:
        yield f"no finite value for seed {', '.join(undefined)}"
        return
    mean = math.fsum(group.values) / len(group.values)
    if not row["low"] <= mean <= row["high"]:
        yield f"{mean:.4f} is outside {row['low']:.4f} to {row['high']:.4f}"


def _told(key: Key) -> str:
    experiment, config, model, test, endpoint, metric = key
    return f"{experiment} ({config}): {model}, {test}, {endpoint}, {metric}"
