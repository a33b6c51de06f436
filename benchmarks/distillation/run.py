"""Which consensus, which loss, which student, which selection: all choices of the configuration, each changed alone, over several seeds.

Example: `python benchmarks/distillation/run.py --json study.json --docs paths.data=../shared/data`. Light models: teachers and students are
GINEs of 3 x 64, students learn a few epochs on a part of the transfer set. Defaults are chosen by the validation column; the tests are
shown beside it. `herg_chembl` is pIC50 >= 5, evaluated externally on the flux assay.
"""

import argparse
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
import numpy as np
import pandas as pd
from common import ROOT, Row, arguments, data_folder, finish, put_between, write
from scipy.stats import t
from single_steps import annotate, student

from fluid.annotation.annotation_set import stack
from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import federation_spec
from fluid.data.dataset import Dataset
from fluid.errors import FluidError
from fluid.evaluation import metrics
from fluid.evaluation.confidence import evaluate_confidence
from fluid.evaluation.thresholds import best_threshold
from fluid.federation.consortium_data import ConsortiumData
from fluid.federation.data_nodes import WHOLE
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import Model, read_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.annotate import annotate as annotate_dataset
from fluid.federation.stages.columns import labels_for
from fluid.federation.stages.consensus import combine_annotations
from fluid.pipeline.runner import Runner, Task, make_quietly
from fluid.pipeline.store import ArtifactStore
from fluid.runs.record import one_line
from fluid.threads import threads

LIGHT = ["model.hidden=64", "model.layers=3", "trainer.progress=false", "logger=none"]
EXTRA = {
    ("distillation", "network, log-odds doubled"): ["distillation.sharpen=2"],
    ("distillation", "nearest, log-odds doubled"): ["distillation=nearest", "distillation.sharpen=2"],
    ("distillation", "blend, log-odds doubled"): ["distillation=blend", "distillation.sharpen=2"],
    ("distillation", "heads, power 4 (that of the consensus)"): ["distillation=heads", "distillation.heads.power=4"],
    ("distillation", "heads, plain mean"): ["distillation=heads", "distillation.heads.power=0"],
    ("consensus", "similarity, power 2 (the paper's)"): ["consensus.options.power=2"],
    ("consensus", "similarity, power 6"): ["consensus.options.power=6"],
    ("selection", "all, weighted by confidence"): ["selection.confidence_power=1"],
}
"""Choices that have no file of their own."""
GROUPS = ("consensus", "loss", "selection", "distillation")
THRESHOLD, PUBLIC = 5.0, 60_000
MEASURES = ("validation auroc", "in-domain auroc", "in-domain mcc", "external auroc", "external mcc")
QUALITY = ("brier", "nll", "ece")
CONFIDENCE = ("risk", "aurc", "best_aurc")


class Variant(NamedTuple):
    """One choice of one group; `evaluated` is the model that is looked at: the student, or the consensus asked directly."""

    group: str
    choice: str
    evaluated: str
    settings: tuple[str, ...]


def choices(group: str) -> list[str]:
    """Return the choices of a group of the configuration."""
    return sorted(file.stem for file in (ROOT / "conf" / group).glob("*.yaml"))


def variants() -> list[Variant]:
    """Return every choice of every group; a consensus is evaluated both directly and by its student."""
    named = [(group, choice, (f"{group}={choice}",)) for group in GROUPS for choice in choices(group)]
    found = named + [(group, choice, tuple(settings)) for (group, choice), settings in EXTRA.items()]
    asked = [Variant(group, choice, "consensus", settings) for group, choice, settings in found if group == "consensus"]
    return asked + [Variant(group, choice, "student", settings) for group, choice, settings in found]


def datasets(options: argparse.Namespace, work: Path) -> dict[str, list[str]]:
    """Return the settings of each data set."""
    light = [*LIGHT, f"selection.n={options.molecules}", f"training.student.epochs={options.epochs}"]
    found = {"embedded": light}
    if (data := data_folder(options.overrides)) is not None:
        files = [f"data.pool={chembl_classes(data, work)}", f"data.transfer={public_sample(data, work)}"]
        found["herg_chembl"] = ["data=files", *files, f"data.test_external={data / 'herg_ncats_flux.parquet'}", *light]
    return found


def chembl_classes(data: Path, work: Path) -> Path:
    """Write the ChEMBL measurements as classes, under the name that the external test gives them."""
    table = pd.read_parquet(data / "herg_chembl.parquet")
    place = work / "herg_chembl.parquet"
    table.assign(blocker=(table["pic50"] >= THRESHOLD).astype(int))[["smiles", "blocker"]].to_parquet(place, index=False)
    return place


def public_sample(data: Path, work: Path) -> Path:
    """Write a fixed sample of the public molecules: a study need not annotate all."""
    place = work / "transfer.parquet"
    pd.read_parquet(data / "transfer_public.parquet")[["smiles"]].sample(PUBLIC, random_state=0).to_parquet(place, index=False)
    return place


def spec_of(settings: list[str], seed: int, variant: Variant | None = None) -> FederationSpec:
    """Build the experiment of a variant; `None` is the default."""
    chosen = variant.settings if variant else ()
    return federation_spec(plain_values(compose("simulate", [*settings, f"seed={seed}", *chosen])))


class Federation(NamedTuple):
    """What all variants of one seed share."""

    data: ConsortiumData
    teachers: Mapping[str, Any]
    models: Mapping[str, Model]
    annotations: Mapping[str, Any]
    evaluation: Mapping[str, Dataset]
    asked: Mapping[str, Any]


def shared(spec: FederationSpec, runner: Runner) -> Federation:
    """Make what all variants of a seed share: molecules, companies, teachers, their answers."""
    graph = federation_graph(spec, runner)
    data, models = graph.value(WHOLE), graph.values(spec.company_names)
    teachers = graph.make(*spec.company_names)
    evaluation = {"validation": data.validation, **data.tests}
    with threads(2):
        asked = {name: stack([annotate_dataset(model, part) for model in models.values()]) for name, part in evaluation.items()}
    return Federation(data, teachers, models, annotate(models, data.transfer, spec.annotation.chunk, runner), evaluation, asked)


def ask_consensus(spec: FederationSpec, common: Federation) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return what the teachers together say of validation and tests, asked directly, and how sure they are of the validation part."""
    found = {name: combine_annotations(one, spec.consensus, spec.annotation.edges) for name, one in common.asked.items()}
    return {name: said.soft_label[:, 0].numpy() for name, said in found.items()}, found["validation"].confidence[:, 0].numpy()


Made = tuple[dict[Variant, Any], dict[Variant, str]]


def students(specs: Mapping[Variant, FederationSpec], common: Federation, runner: Runner) -> Made:
    """Make the students of all variants, two at a time; returns them, and why others could not be made."""
    stages, failed = {}, {}
    for variant, spec in specs.items():
        try:
            stages[variant] = student(common.annotations, common.data.transfer, spec, runner)
        except FluidError as error:
            failed[variant] = one_line(error)
    new = {stage.key(): stage for stage in stages.values() if not runner.store.holds(stage.kind, stage.key_inputs())}
    runner.carry_out([Task("student", key, partial(make_quietly, stage, runner.store.root)) for key, stage in new.items()])
    return {variant: runner.make(stage) for variant, stage in stages.items()}, failed


def ask_student(artifact: Any, common: Federation) -> tuple[dict[str, np.ndarray], None]:
    """Return what a student says of validation and tests."""
    student = read_model(artifact)
    with threads(2):
        return {name: student.predictor.predict(part.molecules).mean[:, 0] for name, part in common.evaluation.items()}, None


def scored(probs: Mapping[str, np.ndarray], confidence: np.ndarray | None, common: Federation) -> dict[str, float]:
    """Return AUROC on the validation part and the tests, MCC on the tests at the validation part's threshold, and calibration.

    Of a consensus also the area under risk and coverage on the validation part, if its confidence decides who is answered first.
    """
    endpoints = common.models["T1"].predictor.endpoints
    labels = {name: labels_for(part, endpoints)[:, 0] for name, part in common.evaluation.items()}
    threshold = best_threshold(probs["validation"], labels["validation"])
    found = {f"{name} auroc": metrics.auroc(probs[name], labels[name]) for name in probs}
    found |= {f"{name} mcc": metrics.mcc(probs[name], labels[name], threshold) for name in probs if name != "validation"}
    found |= {f"validation {name}": getattr(metrics, name)(probs["validation"], labels["validation"]) for name in QUALITY}
    if confidence is None:
        return found
    evaluated = evaluate_confidence(probs["validation"], confidence, labels["validation"], endpoints[0].kind)
    return found | {f"validation {name}": getattr(evaluated, name) for name in CONFIDENCE}


def carried_out(settings: list[str], seed: int, runner: Runner, wanted: list[Variant]) -> Iterator[dict[str, Any]]:
    """Yield one row per variant of one seed; a choice that needs what is not there says so."""
    common = shared(spec_of(settings, seed), runner)
    specs, failed = {}, {}
    for variant in wanted:
        try:
            specs[variant] = spec_of(settings, seed, variant)
        except FluidError as error:
            failed[variant] = one_line(error)
    made, more = students({one: spec for one, spec in specs.items() if one.evaluated == "student"}, common, runner)
    failed |= more
    for variant in wanted:
        found: dict[str, Any] = {"reason": failed[variant]} if variant in failed else {}
        try:
            if not found:
                said = ask_student(made[variant], common) if variant in made else ask_consensus(specs[variant], common)
                found = scored(*said, common)
        except FluidError as error:
            found = {"reason": one_line(error)}
        yield {"dataset": "", "seed": seed, "group": variant.group, "choice": variant.choice, "evaluated": variant.evaluated, **found}


def interval(values: pd.Series) -> tuple[float, float]:
    """Return mean and half width of the 95 % t interval."""
    n = len(values)
    return float(values.mean()), float(t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)) if n > 1 else math.nan


def defaults(settings: list[str]) -> dict[str, str]:
    """Return the present choice of each group."""
    spec = spec_of(settings, 0)

    def alike(group: str, choice: str) -> bool:
        return spec_of(settings, 0, Variant(group, choice, "", (f"{group}={choice}",))) == spec

    return {group: next(choice for choice in choices(group) if alike(group, choice)) for group in GROUPS}


def summary(rows: pd.DataFrame, present: Mapping[str, str]) -> pd.DataFrame:
    """Return mean and paired difference to the default choice, with its interval, per data set and variant; best validation first."""
    parts = []
    for (dataset, group, evaluated), part in rows.groupby(["dataset", "group", "evaluated"], sort=False):
        base = part[part["choice"] == present[group]].set_index("seed")
        for choice, own in part.groupby("choice", sort=False):
            own = own.set_index("seed")
            row: dict[str, Any] = {"dataset": dataset, "group": group, "evaluated": evaluated, "choice": choice, "seeds": len(own)}
            row["default"] = choice == present[group]
            row["reason"] = next((reason for reason in own.get("reason", pd.Series(dtype=object)).dropna()), "")
            for name in (*MEASURES, *(f"validation {one}" for one in (*QUALITY, *CONFIDENCE))):
                if name not in own:
                    continue
                row[name], row[f"{name} ±"] = interval(own[name])
                row[f"{name} Δ"], row[f"{name} Δ±"] = interval((own[name] - base[name]).dropna())
            parts.append(row)
    return pd.DataFrame(parts).sort_values(["dataset", "group", "evaluated", "validation auroc"], ascending=[True, True, True, False])


def of_confidence(table: pd.DataFrame) -> list[str]:
    """Return how good soft labels and confidence of every consensus are, as Markdown; the smallest area under risk and coverage first."""
    names = [f"validation {name}" for name in ("auroc", *QUALITY, *CONFIDENCE)]
    heads = ["AUROC", "Brier", "NLL", "ECE", "error rate", "area under risk and coverage", "best possible"]
    lines: list[str] = []
    for dataset, part in table[(table["evaluated"] == "consensus") & (table["reason"] == "")].groupby("dataset", sort=False):
        lines += ["", f"**{dataset}** ({int(part['seeds'].max())} seeds, validation part)", "", f"| consensus | {' | '.join(heads)} |"]
        lines.append("|---" * (len(heads) + 1) + "|")
        for _, row in part.sort_values("validation aurc").iterrows():
            lines.append(f"| {row['choice']} | " + " | ".join(f"{row[name]:.3f} ± {row[f'{name} ±']:.3f}" for name in names) + " |")
    return lines


def markdown(table: pd.DataFrame) -> list[str]:
    """Return the table as Markdown: one section per data set and group, the best by validation first."""
    lines: list[str] = []
    for (dataset, group, evaluated), part in table.groupby(["dataset", "group", "evaluated"], sort=False):
        lines += ["", f"**{dataset}, {group}, {evaluated}** ({int(part['seeds'].max())} seeds)", ""]
        lines += [f"| {group} | " + " | ".join(MEASURES) + " | Brier | ECE |", "|---" * (len(MEASURES) + 3) + "|"]
        for _, row in part.iterrows():
            name = f"**{row['choice']}** (default)" if row["default"] else row["choice"]
            if row["reason"]:
                lines.append(f"| {name} | not possible here: {row['reason']} |" + " |" * (len(MEASURES) + 1))
                continue
            cells = [f"{row[m]:.3f}" if row["default"] else f"{row[m]:.3f} ({row[f'{m} Δ']:+.3f} ± {row[f'{m} Δ±']:.3f})" for m in MEASURES]
            lines.append(f"| {name} | " + " | ".join([*cells, f"{row['validation brier']:.3f}", f"{row['validation ece']:.3f}"]) + " |")
    return lines


def judged_rows(table: pd.DataFrame) -> list[Row]:
    """Return a row per variant: it holds if it was measured; a default also if nothing is clearly better on validation."""
    found = []
    for row in table.to_dict("records"):
        rivals = table[(table["dataset"] == row["dataset"]) & (table["group"] == row["group"]) & (table["evaluated"] == row["evaluated"])]
        beaten = rivals[rivals["validation auroc Δ"] - rivals["validation auroc Δ±"] > 0] if row["default"] else rivals.iloc[:0]
        measured = bool(row["reason"]) or not math.isnan(row["validation auroc"])
        name = f"{row['dataset']} {row['group']}={row['choice']} ({row['evaluated']})"
        found.append(row | {"name": name, "clearly_better": list(beaten["choice"]), "holds": measured and not len(beaten)})
    return found


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--seeds", type=int, default=5, help="divisions into companies")
    made.add_argument("--molecules", type=int, default=8000, help="transfer molecules that a student learns from")
    made.add_argument("--epochs", type=int, default=6, help="epochs of a student")
    made.add_argument("--only", choices=GROUPS, action="append", help="only this group (may be given again)")
    made.add_argument("--asked-directly", action="store_true", help="only what consensus methods say themselves, and how sure they are")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="store of stages, kept: a second run goes on")
    return made


def main() -> None:
    """Carry out the study; what is measured is on disk after every seed."""
    options = parser().parse_args()
    work = Path(options.work or tempfile.mkdtemp(prefix="fluid-study-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    runner = Runner(ArtifactStore(work / "store"), workers=2)
    wanted = [variant for variant in variants() if not options.only or variant.group in options.only]
    wanted = [variant for variant in wanted if variant.evaluated == "consensus" or not options.asked_directly]
    rows: list[dict[str, Any]] = []
    sets = datasets(options, work)
    partial = options.json.with_suffix(".partial.json")
    for seed in range(options.seeds):
        for dataset, settings in sets.items():
            for row in carried_out(settings, seed, runner, wanted):
                rows.append(row | {"dataset": dataset})
                print({key: round(value, 4) if isinstance(value, float) else value for key, value in rows[-1].items()}, flush=True)
            write(rows, partial)
    table = summary(pd.DataFrame(rows), defaults(sets["embedded"]))
    lines = of_confidence(table) if options.asked_directly else markdown(table)
    print("\n".join(lines))
    if options.docs:
        put_between(
            ROOT / "docs" / "results" / ("confidence.md" if options.asked_directly else "choices.md"),
            "confidence" if options.asked_directly else "study",
            [*lines, "", f"Made by `python {' '.join(sys.argv)}`."],
        )
    partial.unlink()
    finish(judged_rows(table), options.json, raw=rows, seeds=options.seeds)


if __name__ == "__main__":
    main()
