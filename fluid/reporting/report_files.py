"""The tables behind a report, as CSV and JSON in a run folder."""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.artifacts import atomic_file, read_json, write_json
from fluid.errors import ArtifactError
from fluid.evaluation.result_tables import read_table
from fluid.reporting.costs import total_cost
from fluid.reporting.report_data import COLUMNS, OPTIONAL, ReportData

FOLDER = "report_data"
TEXTS = ("model", "role", "company", "test", "endpoint", "metric", "set", "split", "stage", "name", "energy_from", "leaves", "teacher",
         "release", "of", "attack", "verdict", "digest")  # fmt: skip
COST = ("cpu_s", "gpu_s", "energy_j")  # not in the tables of older runs


def number(value: Any) -> Any:
    """Return a value that JSON can hold; NaN and infinity become null."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def nested_scores(scores: pd.DataFrame) -> dict[str, Any]:
    """Return scores as test → endpoint → model → metric → value, low, high, n."""
    nested: dict[str, Any] = {}
    for row in scores.to_dict("records"):
        place = (
            nested.setdefault(row["test"], {})
            .setdefault(row["endpoint"], {})
            .setdefault(row["model"], {"role": row["role"], "metrics": {}})
        )
        place["metrics"][row["metric"]] = {name: number(row[name]) for name in ("value", "low", "high", "n")}
    return nested


def nested_cost(stages: pd.DataFrame) -> dict[str, Any]:
    """Return `total` and the `stages` one by one: all that differs between equal runs is in here."""
    rows = [{str(name): number(value) for name, value in row.items()} for row in stages.to_dict("records")]
    return {"total": total_cost(stages), "stages": rows}


def write_report_data(data: ReportData, run: Path) -> None:
    """Write `metrics.csv`, `metrics.json` and the folder `report_data/`."""
    _write_table(data.scores, run / "metrics.csv")
    write_json(run / "metrics.json", {"title": data.title, "scores": nested_scores(data.scores), "cost": nested_cost(data.stages)})
    facts: Mapping[str, Any] = {"title": data.title, "config": data.config, "versions": data.versions, "notes": data.notes}
    facts = {**facts, "promised": data.promised} if data.promised else facts
    write_json(run / FOLDER / "facts.json", facts)
    for name in COLUMNS:
        if name != "scores" and (name not in OPTIONAL or len(getattr(data, name))):
            _write_table(getattr(data, name), run / FOLDER / f"{name}.csv")


def write_audits(audits: pd.DataFrame, run: Path) -> None:
    """Write the table of audits of a finished run; an empty one is removed."""
    place = run / FOLDER / "audits.csv"
    if len(audits):
        _write_table(audits, place)
    else:
        place.unlink(missing_ok=True)


def read_report_data(run: Path) -> ReportData:
    """Read what `write_report_data` wrote.

    Raises:
        ArtifactError: The folder is no run, or a table is missing or broken.
    """
    if not (run / FOLDER / "facts.json").is_file():
        raise ArtifactError("this folder holds no finished run", where=str(run), expected="the folder that fluid simulate named")
    facts = read_json(run / FOLDER / "facts.json")
    files = {name: run / "metrics.csv" if name == "scores" else run / FOLDER / f"{name}.csv" for name in COLUMNS}
    tables = {name: _read_table(file, name) for name, file in files.items() if name not in OPTIONAL or file.is_file()}
    with _explain_faults(run / FOLDER / "facts.json"):
        return ReportData(
            facts["title"],
            facts["config"],
            facts["versions"],
            **tables,
            notes=tuple(facts["notes"]),
            promised=tuple(facts.get("promised", ())),
        )


def _write_table(table: pd.DataFrame, path: Path) -> None:
    with atomic_file(path) as temporary:
        table.to_csv(temporary, index=False)


def _read_table(path: Path, name: str) -> pd.DataFrame:
    with _explain_faults(path):
        table = read_table(path)
        if name == "stages":
            table = table.assign(**{column: 0.0 for column in COST if column not in table}).assign(energy_from=table.get("energy_from", ""))
        texts = [column for column in COLUMNS[name] if column in TEXTS]
        table[texts] = table[texts].fillna("").astype(str)
        return table[list(COLUMNS[name])]


@contextmanager
def _explain_faults(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise ArtifactError("file not found", where=str(path), remedy="Run fluid simulate again.") from None
    except (KeyError, TypeError, ValueError) as error:
        what = str(error).splitlines()[0]
        raise ArtifactError(f"not the expected table ({what})", where=str(path), remedy="Run fluid simulate again.") from None
