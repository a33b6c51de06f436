"""What the runs below a folder give for the figures of experiments."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from fluid.artifacts import read_json
from fluid.errors import ArtifactError
from fluid.evaluation.result_tables import read_table
from fluid.reporting.experiments import FIGURES, Evidence
from fluid.reporting.significance import SEEDS, labels
from fluid.runs.collect import EXPERIMENTS_BEFORE, differing_settings, finished_runs, protocol_of, settings_of
from fluid.runs.record import CONFIG


def evidence_below(folder: Path) -> list[Evidence]:
    """Return what the finished runs below a folder give, one item per figure that they ask for, in the order of `FIGURES`.

    Raises:
        ArtifactError: A run lacks a table that its figure needs.
    """
    asking: dict[str, dict[Path, dict[str, Any]]] = {}
    for run, record in finished_runs(folder)[0].items():
        figure = read_json(run / CONFIG).get("figure")
        if (figure := EXPERIMENTS_BEFORE.get(figure, figure)) in FIGURES:
            asking.setdefault(figure, {})[run] = settings_of(run) | {"protocol": protocol_of(str(record.get("command", "")))}
    return [evidence_of(figure, asking[figure]) for figure in FIGURES if figure in asking]


def evidence_of(figure: str, runs: Mapping[Path, Mapping[str, Any]]) -> Evidence:
    """Return what runs give for a figure, from their settings by dotted names."""
    spec = FIGURES[figure]
    names = [name for name in differing_settings(runs) if name not in (*spec.axis, *SEEDS)]
    table = pd.DataFrame([{name: settings.get(name) for name in names} for settings in runs.values()], index=range(len(runs)))
    texts = dict(zip(runs, labels(table, names), strict=True))

    def gathered(file: str) -> pd.DataFrame:
        parts = []
        for run, settings in runs.items():
            if not (run / file).is_file():
                raise ArtifactError(f"figure {figure!r} needs a table that the run lacks", where=str(run / file), remedy="Run it again.")
            about = {"run": run.name, "seed": settings.get("seed"), "setting": texts[run]}
            own = read_table(run / file)
            parts.append(pd.concat([pd.DataFrame(about, index=own.index), own], axis=1))
        return pd.concat(parts, ignore_index=True)

    scores = gathered("metrics.csv")
    scores.insert(0, "x", scores["run"].map({run.name: spec.x(settings) for run, settings in runs.items()}))
    return Evidence(figure, scores, {Path(file).stem: gathered(file) for file in spec.tables})
