"""The runs of a suite as they lie in its folder: one tidy table of scores, and what became of every run that belongs to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.errors import ArtifactError
from fluid.evaluation.result_tables import read_table
from fluid.reporting.suite_data import COLUMNS, SuiteData
from fluid.runs.collect import config_of, settings_of
from fluid.runs.record import DONE, RECORD, outputs, read_record

UNBEGUN, UNREADABLE, ALTERED = "not begun", "unreadable", "altered"
FACTS = Path("report_data") / "baselines.csv"


@dataclass(frozen=True, slots=True)
class WantedRun:
    """A run that belongs to a suite: experiment, setting and seed, where it lies, what carries it out."""

    experiment: str
    setting: str
    seed: int
    folder: Path
    command: str


def state_of(wanted: WantedRun, root: Path) -> dict[str, Any]:
    """Return a run as a row of the suite's `runs`."""
    place = {"experiment": wanted.experiment, "setting": wanted.setting, "seed": wanted.seed}
    row = {**place, "run": wanted.folder.relative_to(root).as_posix(), "command": wanted.command}
    if not (wanted.folder / RECORD).is_file():
        return {**row, "status": UNBEGUN, "error": "no process has begun it", "config": "", "commit": "", "version": "", "split": ""}
    try:
        record, settings = read_record(wanted.folder), settings_of(wanted.folder)
    except ArtifactError as broken:
        return {**row, "status": UNREADABLE, "error": str(broken), "config": "", "commit": "", "version": "", "split": ""}
    status, error = record["status"], record.get("error", "")
    if status == DONE and record.get("outputs") != outputs(wanted.folder):
        status, error = ALTERED, "its files are not those that it wrote"
    split = next((need["key"] for need in record["needs"] if need["stage"] == "split"), "")
    made = {"commit": record.get("git_commit", ""), "version": record.get("versions", {}).get("fluid", "")}
    return {**row, "status": status, "error": error, "config": config_of(settings), **made, "split": split[:10]}


def _with_place(table: pd.DataFrame, row: Mapping[str, Any]) -> pd.DataFrame:
    place = {name: row[name] for name in ("experiment", "setting", "run", "config", "seed")}
    return pd.concat([pd.DataFrame(place, index=table.index), table], axis=1)


def gather(suite: str, tier: str, wanted: Iterable[WantedRun], root: Path) -> SuiteData:
    """Gather what there is of a suite; a run that is not done has no scores in it.

    Args:
        suite: Its name.
        tier: Its tier.
        wanted: All runs that belong to it.
        root: Its folder.
    """
    rows = [state_of(one, root) for one in wanted]
    scores, facts = [], []
    for row in rows:
        if row["status"] == DONE:
            folder = root / row["run"]
            own = read_table(folder / "metrics.csv")
            scores.append(_with_place(own.fillna({"company": ""}), row))
            if (folder / FACTS).is_file():
                facts.append(_with_place(pd.read_csv(folder / FACTS), row))
    return SuiteData(
        suite,
        tier,
        scores=pd.concat(scores, ignore_index=True) if scores else pd.DataFrame(columns=list(COLUMNS["scores"])),
        runs=pd.DataFrame(rows, columns=list(COLUMNS["runs"])),
        facts=pd.concat(facts, ignore_index=True) if facts else pd.DataFrame(columns=list(COLUMNS["facts"])),
    )


def notes_on(data: SuiteData, commit: str, version: str) -> list[str]:
    """Say what a reader should know of the runs: other versions, divisions that differ."""
    done, notes = data.runs[data.runs["status"] == DONE], []
    for number, what, now in (("commit", "commit", commit), ("version", "version", version)):
        for other in sorted(set(done[number]) - {now}):
            own = done[done[number] == other]
            notes.append(
                f"{len(own)} runs ({', '.join(dict.fromkeys(own['experiment']))}) were made by {what} {other or 'unknown'}, this is "
                f"{now or 'unknown'}. The same command without only= makes them again where the code differs."
            )
    for (experiment, seed), own in done.groupby(["experiment", "seed"], sort=False):
        if own["split"].nunique() > 1:
            notes.append(
                f"{experiment}, seed {seed}: the settings have different divisions into companies, so not all of a difference is theirs."
            )
    return notes
