"""The runs of a sweep as one tidy table."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.artifacts import atomic_file, hash_json, read_json
from fluid.errors import ConfigError
from fluid.evaluation.result_tables import read_table
from fluid.foreign import is_foreign
from fluid.outputs import check_file
from fluid.reporting.significance import SEEDS
from fluid.runs.housekeeping import run_folders
from fluid.runs.record import CONFIG, DONE, is_target, read_record

OUTSIDE = ("name", "open", "paths", "logger", "workers", "sweep", "launcher", "only", "target", "cost", "figure", "analyses")
ANALYSES = "analyses"
FIRST = ("run", "experiment", "config")
"""The first columns of a collected table."""
ADDITIVE = {"solver": "auto", "laplace": "diagonal", "rank": 64, "noise": 0.0, "clip": 8.0}
LATER = {
    "companies.taking_part": None,
    "companies.left_out": None,
    "data.transfer_choice": "random",
    "annotation.evidence.radius": 3,
    "annotation.evidence.n_bits": 16384,
    "annotation.evidence.clip": 0.0,
    "annotation.evidence.noise": 0.0,
    "annotation.evidence.min_support": 0.0,
    "distillation.experts.network_learns": "consensus",
    "privacy.epsilon": None,
    "privacy.delta": 1e-5,
    "privacy.evidence_share": 0.4,
    "privacy.ledger": None,
    "privacy.budget": None,
    "privacy.witness": "~/.local/state/fluid/ledgers",
    "annotation.digits": 0,
    "annotation.overlap": "refuse",
    "annotation.overlap_similarity": 0.7,
    "annotation.folds": 5,
    "annotation.revealing": False,
    **{f"model.{part}{name}": value for part in ("", "additive.") for name, value in ADDITIVE.items()},
}
"""Settings that runs of earlier versions lack, with the value by which they change nothing: as if they were not there."""
EXPERIMENTS_BEFORE = {"recipes": "protocols"}
"""Names by which version 0.1 knew experiments and their figures."""
INDIFFERENT = ("intake.workers", "trainer.progress", "trainer.checkpoint_s")


@dataclass(frozen=True, slots=True)
class Collected:
    """A sweep's results.

    Attributes:
        table: One row per run and score: `run`, `experiment`, `config`, the seeds, the settings that differ, then the columns of
            `metrics.csv`.
        settings: Dotted names of the settings that differ between runs; of several protocols, `protocol` stands for what it decides.
        runs: How many runs are in the table.
        unfinished: Each run that is not, and why.
        analyses: Tables of the runs that asked for analyses, by name, with the same columns in front.
    """

    table: pd.DataFrame
    settings: tuple[str, ...]
    runs: int
    unfinished: tuple[str, ...]
    analyses: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def flatten(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested settings by dotted names; lists as text, since a cell holds one value."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            found |= flatten(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = str(value) if isinstance(value, list) else value
    return found


def settings_of(folder: Path) -> dict[str, Any]:
    """Return the settings that decide a run's results, by dotted names."""
    settings = flatten({key: value for key, value in read_json(folder / CONFIG).items() if key not in OUTSIDE})
    return {name: value for name, value in settings.items() if name not in LATER or value != LATER[name]}


def config_of(settings: Mapping[str, Any]) -> str:
    """Return the short hash of all settings that decide results, but for seeds and the folders of data files.

    Runs with the same hash are replicates of one experiment.
    """
    return hash_json({name: drop_folder(value) for name, value in settings.items() if name not in (*SEEDS, *INDIFFERENT)})[:10]


def drop_folder(value: Any) -> Any:
    """Return the name of a file without its folder, if the value is an absolute path; any other value as it is."""
    return Path(value).name if isinstance(value, str) and Path(value).is_absolute() else value


def experiment_of(command: str) -> str:
    """Return the experiment that a run's command names, or `none`; by the name that it has now."""
    name = choice_in(command, "experiment")
    return EXPERIMENTS_BEFORE.get(name, name)


def protocol_of(command: str) -> str:
    """Return the protocol that a run's command names, or `none`; version 0.1 called it a recipe."""
    return choice_in(command, "protocol", "recipe")


def choice_in(command: str, *groups: str) -> str:
    """Return the choice of a group, by any of its names, that a command names last, or `none`."""
    pairs = [word.lstrip("+").partition("=") for word in shlex.split(command)]
    return ["none", *(choice for group, equals, choice in pairs if equals and group in groups)][-1]


def identity_of(record: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells runs apart before any setting: experiment, configuration, seeds."""
    seeds = {name: settings[name] for name in SEEDS if settings.get(name) is not None}
    return {"experiment": experiment_of(str(record.get("command", ""))), "config": config_of(settings), **seeds}


def differing_settings(settings: Mapping[Path, Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the names of settings that are not the same in all runs, in the order of the configuration."""
    names = {name: None for values in settings.values() for name in values}
    absent = object()
    return tuple(name for name in names if len({repr(values.get(name, absent)) for values in settings.values()}) > 1)


def settings_beyond_protocols(settings: Mapping[Path, Mapping[str, Any]], protocols: Mapping[Path, str]) -> tuple[str, ...]:
    """Return the names of settings that differ, in short: of runs by several protocols, `protocol` and what differs within one."""
    if len(set(protocols.values())) < 2:
        return differing_settings(settings)
    groups = [{run: settings[run] for run in settings if protocols[run] == protocol} for protocol in dict.fromkeys(protocols.values())]
    within = {name for group in groups for name in differing_settings(group)}
    return ("protocol", *(name for name in differing_settings(settings) if name in within))


def finished_runs(folder: Path) -> tuple[dict[Path, dict[str, Any]], tuple[str, ...]]:
    """Return the records of all finished runs below a folder, and of each other one what became of it."""
    records = {run: read_record(run) for run in run_folders(folder) if not is_target(run)}
    done = {run: record for run, record in records.items() if record["status"] == DONE}
    return done, tuple(f"{run}: {record['status']} {record.get('error', '')}".strip() for run, record in records.items() if run not in done)


def collect(folder: Path) -> Collected:
    """Gather all finished runs below a folder.

    Raises:
        ConfigError: The folder has no finished run.
    """
    records, unfinished = finished_runs(folder)
    if not records:
        raise ConfigError(f"there is no finished run ({len(unfinished)} others)", where=str(folder), expected="a sweep's folder")
    protocols = {run: protocol_of(str(record.get("command", ""))) for run, record in records.items()}
    done = {run: settings_of(run) for run in records}
    names, shown = differing_settings(done), settings_beyond_protocols(done, protocols)

    def gathered(files: Mapping[Path, Path]) -> pd.DataFrame:
        parts = []
        for run, file in files.items():
            own, settings = read_table(file), done[run]
            clash = {name: f"settings.{name}" for name in names if name in own.columns}
            chosen = identity_of(records[run], settings) | {clash.get(name, name): settings.get(name) for name in names}
            chosen |= {"protocol": protocols[run]} if "protocol" in shown else {}
            parts.append(pd.concat([pd.DataFrame({"run": run.name, **chosen}, index=own.index), own], axis=1))
        return pd.concat(parts, ignore_index=True)

    analyses: dict[str, dict[Path, Path]] = {}
    for run in done:
        for file in sorted(file for file in (run / ANALYSES).glob("*.csv") if not is_foreign(file.name)):
            analyses.setdefault(file.stem, {})[run] = file
    scores = gathered({run: run / "metrics.csv" for run in done})
    return Collected(scores, shown, len(done), unfinished, {name: gathered(files) for name, files in sorted(analyses.items())})


def check_table(out: Path) -> None:
    """Refuse a file for the table that cannot be written, or that is there and is no such table; and the same for the page beside it.

    Raises:
        ConfigError: The suffix is neither `.csv` nor `.parquet`, or the file is somebody's own.
    """
    if out.suffix not in (".csv", ".parquet"):
        raise ConfigError(f"out is {str(out)!r}", expected="a file name that ends in .csv or .parquet")
    page = out.with_suffix(".html")
    for file in (out, page):
        check_file(file)
    if (out.exists() and not is_collected(out)) or (page.exists() and not out.exists()):
        other = out if out.exists() else page
        raise ConfigError("this file was not made by fluid collect and would be lost", where=str(other), remedy="Choose another out=.")


def is_collected(file: Path) -> bool:
    """Return whether a file is a table of collected runs: by its first columns."""
    try:
        names = list(pd.read_csv(file, nrows=0).columns) if file.suffix == ".csv" else pq.read_schema(file).names
    except (OSError, ValueError, pa.ArrowException):
        return False
    return names[: len(FIRST)] == list(FIRST)


def write_tables(collected: Collected, out: Path) -> list[Path]:
    """Write the table as CSV or Parquet, by the suffix, and each analysis beside it; returns the files."""
    tables = {out: collected.table} | {out.with_name(f"{out.stem}-{name}{out.suffix}"): table for name, table in collected.analyses.items()}
    for file, table in tables.items():
        with atomic_file(file) as temporary:
            if out.suffix == ".csv":
                table.to_csv(temporary, index=False)
            else:
                table.to_parquet(temporary, index=False)
    return list(tables)
