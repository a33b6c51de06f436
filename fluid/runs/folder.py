"""The folder of a finished run: tables, report, and the models and annotations that a user takes away."""

import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fluid.artifacts import atomic_folder, copy_artifact
from fluid.evaluation.result_tables import read_table
from fluid.evaluation.scores import Score, add_gap_closed, mean_scores, scores_frame
from fluid.federation.baselines.facts import facts_table
from fluid.federation.consensus_table import read_consensus
from fluid.federation.expert_heads import FIDELITY
from fluid.federation.model_folder import read_model
from fluid.federation.overlap import write_removed
from fluid.federation.simulation import Federation
from fluid.pipeline.cost import Rates
from fluid.pipeline.runner import StageRecord
from fluid.pipeline.stage import library_versions
from fluid.privacy.certificate import FILE as CERTIFICATE
from fluid.privacy.certificate import read_certificate
from fluid.reporting.page import write_report
from fluid.reporting.privacy_section import certified_sentences
from fluid.reporting.report_data import COLUMNS, ReportData
from fluid.reporting.report_files import read_report_data, write_report_data
from fluid.runs.audits import AUDITS, renew_audits
from fluid.runs.chemical_space import chemical_space
from fluid.runs.collect import ANALYSES
from fluid.runs.record import OUTPUTS, RunRecord
from fluid.version import __version__

RESULTS = ("models", "annotations", "consensus", "dropped", "report_data", "logs", ANALYSES, AUDITS)
DEFAULT_RATES = Rates()


def all_scores(federation: Federation) -> list[Score]:
    """Return the scores of all evaluated models, their means over companies, and the gap that was closed."""
    names = [field.name for field in fields(Score)]
    frames = [read_table(artifact / "scores.csv") for artifact in federation.evaluated.values()]
    table = pd.concat(frames, ignore_index=True).fillna({"company": ""})
    scores = [Score(**dict(zip(names, row, strict=True))) for row in table[names].itertuples(index=False)]
    scores += mean_scores(scores, "teacher", "teacher mean", "teacher_mean")
    scores += mean_scores(scores, "hybrid", "hybrid mean", "hybrid_mean")
    for baseline in ("fedmd", "sge"):
        scores += mean_scores(scores, f"{baseline}_member", f"{baseline} mean", f"{baseline}_mean")
    return add_gap_closed(scores)


def learning_curves(federation: Federation) -> pd.DataFrame:
    """Return the loss per epoch of every trained network but the baselines' (mean over the members of an ensemble)."""
    models = {name: artifact for name, artifact in federation.models.items() if name not in federation.baselines.models}
    frames = [pd.read_csv(artifact / "curve.csv").assign(model=name) for name, artifact in models.items()]
    table = pd.concat(frames, ignore_index=True)
    return table.groupby(["model", "epoch", "split"], as_index=False, sort=False)[["loss"]].mean()


def contribution(federation: Federation) -> pd.DataFrame:
    """Return each teacher's share of the consensus weight beside its share of the private labels of those who take part.

    Empty where no teacher annotates.
    """
    table = pd.read_csv(federation.consensus / "contribution.csv")
    table = table[table["company"].isin(list(federation.companies))]
    sizes = {name: len(federation.companies[name]) for name in table["company"]}
    table["labels_share"] = [sizes[name] / sum(sizes.values()) for name in table["company"]]
    return table


def fidelity(federation: Federation) -> pd.DataFrame:
    """Return how faithful the heads of a student of experts are; empty of any other student."""
    file = federation.models["student"].folder / FIDELITY
    return pd.read_csv(file) if file.is_file() else pd.DataFrame(columns=list(COLUMNS["fidelity"]))


def promises(federation: Federation) -> tuple[str, ...]:
    """Return what the student's certificate says, in sentences; nothing where it has none."""
    file = federation.models["student"].folder / CERTIFICATE
    return certified_sentences(read_certificate(file)) if file.is_file() else ()


def selected_histogram(federation: Federation, bins: int = 20) -> pd.DataFrame:
    """Return how many of the molecules that the student learnt from have a soft label in each bin (first endpoint)."""
    consensus = read_consensus(federation.consensus)
    values = consensus.soft_label[np.load(federation.models["student"] / "rows.npy", allow_pickle=False), 0]
    values = values[np.isfinite(values)]
    span = (0.0, 1.0) if consensus.endpoints[0].kind == "classification" else None
    counts, edges = np.histogram(values, bins=bins, range=span)
    return pd.DataFrame({"in_bin": ((edges[1:] + edges[:-1]) / 2).round(6), "count": counts})


def stage_table(records: Sequence[StageRecord], rates: Rates) -> pd.DataFrame:
    """Return what each stage cost this run; energy that could not be measured is estimated from the rates, and says so."""
    rows = [
        {
            "stage": record.stage,
            "name": record.name,
            "reused": record.reused,
            "seconds": round(record.cost.seconds, 3),
            "cpu_s": round(record.cost.cpu_s, 3),
            "gpu_s": round(record.cost.gpu_s, 3),
            "peak_mb": round(record.cost.peak_mb, 1),
            "energy_j": round(joules, 1),
            "energy_from": source,
        }
        for record in records
        for joules, source in [record.cost.energy(rates)]
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["stages"]))


def baseline_facts(federation: Federation) -> pd.DataFrame:
    """Return rounds, bytes and what leaves a company for each way of working together; empty if no baseline was asked for."""
    student, transfer = read_model(federation.models["student"]), federation.data.transfer
    return facts_table(federation.baselines, len(transfer), len(student.predictor.endpoints), student)


def report_data(
    federation: Federation, records: Sequence[StageRecord], config: Mapping[str, Any], title: str, seed: int, rates: Rates
) -> ReportData:
    """Gather everything that a report shows."""
    sets = {**federation.companies, "transfer": federation.data.transfer}
    if "external" in federation.data.tests:
        sets["external"] = federation.data.tests["external"]
    machine = {"fluid": __version__, "python": platform.python_version(), "machine": f"{platform.machine()}, {platform.system()}"}
    return ReportData(
        title=title,
        config=dict(config),
        versions={**machine, **library_versions()},
        scores=scores_frame(all_scores(federation)),
        companies=pd.read_csv(federation.split / "companies.csv"),
        chemical_space=chemical_space(sets, seed),
        calibration=pd.concat([pd.read_csv(a / "reliability.csv") for a in federation.evaluated.values()], ignore_index=True),
        learning_curves=learning_curves(federation),
        contribution=contribution(federation),
        selection=selected_histogram(federation),
        stages=stage_table(records, rates),
        notes=federation.data.notes,
        baselines=baseline_facts(federation),
        fidelity=fidelity(federation),
        promised=promises(federation),
    )


def copy_artifacts(federation: Federation, run: Path) -> None:
    """Copy what a user takes away: models, annotation sets, consensus, analyses, lists of dropped rows."""
    places = {Path("models") / name: artifact for name, artifact in federation.models.items()}
    places |= {Path("annotations") / name: artifact for name, artifact in federation.annotations.items()}
    places[Path("consensus")] = federation.consensus
    for place, artifact in places.items():
        with atomic_folder(run / place) as temporary:
            copy_artifact(artifact, temporary)
    (run / "dropped").mkdir(exist_ok=True)
    for name, artifact in federation.data.intakes.items():
        shutil.copyfile(artifact / "dropped.csv", run / "dropped" / f"{name}.csv")
    for name, artifact in federation.analyses.items():
        (run / ANALYSES).mkdir(exist_ok=True)
        shutil.copyfile(artifact / f"{name}.csv", run / ANALYSES / f"{name}.csv")
    write_removed(run / "dropped" / "overlap.csv", federation.data.removed)


def clear_other_results(record: RunRecord) -> None:
    """Remove the results of a run of other settings that had the same folder: nothing of it may be taken for ours."""
    if record.before and record.before["config_hash"] != record.values["config_hash"]:
        for name in RESULTS:
            shutil.rmtree(record.folder / name, ignore_errors=True)
        for name in OUTPUTS:
            (record.folder / name).unlink(missing_ok=True)


def write_run(
    federation: Federation,
    records: Sequence[StageRecord],
    config: Mapping[str, Any],
    title: str,
    seed: int,
    run: Path,
    rates: Rates = DEFAULT_RATES,
) -> ReportData:
    """Write `metrics.json`, `metrics.csv`, `report_data/`, `report.html`, models and annotations into the run folder."""
    data = report_data(federation, records, config, title, seed, rates)
    copy_artifacts(federation, run)
    write_report_data(data, run)
    renew_audits(run)  # those of earlier results of this folder no longer count
    write_report(read_report_data(run), run / "report.html")  # from the files, as `fluid report` does
    return data
