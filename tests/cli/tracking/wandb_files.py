"""Read what W&B wrote offline, with W&B's own reader."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class OfflineRun:
    """A run as its `.wandb` file tells it."""

    run: Mapping[str, Any]
    config: Mapping[str, Any]
    summary: Mapping[str, Any]
    history: tuple[Mapping[str, Any], ...]
    artifacts: tuple[Mapping[str, Any], ...]
    exit_code: int | None

    @property
    def name(self) -> str:
        return str(self.run["display_name"])


def updates(records: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    """Return what all records of a kind set, the last ones winning."""
    found: dict[str, Any] = {}
    for record in records:
        found |= record.get(kind, {}).get("update", {})
    return found


def read(file: Path) -> OfflineRun:
    """Read one `.wandb` file."""
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)]
    environment = {**os.environ, "WANDB_ERROR_REPORTING": "false"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    run = next(record["run"] for record in records if record["type"] == "run")
    exits = [record["exit"].get("exit_code", 0) for record in records if record["type"] == "exit"]
    return OfflineRun(
        run=run,
        config={**updates([run], "config"), **updates(records, "config")},
        summary=updates(records, "summary"),
        history=tuple(record["history"]["item"] for record in records if record["type"] == "history"),
        artifacts=tuple(record["artifact"] for record in records if record["type"] == "artifact"),
        exit_code=exits[-1] if exits else None,
    )


def read_all(folder: Path) -> dict[str, OfflineRun]:
    """Read all runs below a folder, by their names."""
    runs = [read(file) for file in sorted(folder.rglob("run-*.wandb"))]
    return {run.name: run for run in runs}
