"""Why a student knows less of the companies' chemistry than its consensus: coverage, labels, amount, capacity, weights, calibration.

Example: `python benchmarks/distillation/domain_shift.py --json shift.json --docs paths.data=../shared/data`. A quarter of the ChEMBL hERG
compounds is given to nobody: without its labels it is a transfer set from the companies' own chemistry, beside public molecules. Everything
else is changed alone against a student of as many public molecules. Light models as in `run.py`; means over divisions into companies.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))
import numpy as np
import pandas as pd
from common import ROOT, Row, arguments, data_folder, finish, put_between, skip, write
from run import LIGHT, THRESHOLD, Federation, Variant, ask_consensus, ask_student, interval, scored, spec_of, students
from scipy.stats import spearmanr
from single_steps import annotate

from fluid.annotation.annotation_set import stack
from fluid.federation.data_nodes import DATA
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import read_model
from fluid.federation.simulation import upper_bounds
from fluid.federation.stages.annotate import annotate as annotate_dataset
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.threads import threads

PUBLIC, OWN_SHARE, FEW = 48_000, 0.25, "selection.n=2500"
LEARNING = ["training.student.epochs=20", "evaluation.forest=false"]
FOREST = ("student_model={kind: forest, n_trees: 150, max_depth: 0}", "hybrid=concatenate")
WIDE = "student_model={kind: network, encoder: gine, hidden: 160, layers: 5}"
MEASURES = (
    "in-domain auroc",
    "in-domain mcc",
    "external auroc",
    "external mcc",
    "in-domain fidelity",
    "external fidelity",
    "in-domain likeness to plain mean",
)
PLAIN = Variant("asked directly", "plain mean of the teachers", "consensus", ("consensus=mean",))
DIRECT = ("consensus", PLAIN.choice, "pooled")


class Change(NamedTuple):
    """A student: what was changed, which molecules it learns from, whose labels, and further settings."""

    cause: str
    name: str
    molecules: str
    labels: str
    settings: tuple[str, ...]


BASE = Change("–", "2,500 public molecules at random", "public", "consensus", (FEW,))
CHANGES = (
    BASE,
    Change("coverage", "2,500 of the companies' own chemistry", "own", "consensus", (FEW,)),
    Change("coverage", "the 2,500 public ones nearest by released scores", "public", "consensus", ("selection=covered", FEW)),
    Change("label quality", "labels of the pooled network", "public", "pooled", (FEW,)),
    Change("coverage and label quality", "own chemistry, labels of the pooled network", "own", "pooled", (FEW,)),
    Change("amount", "10,000 public molecules", "public", "consensus", ("selection.n=10000",)),
    Change("amount", "48,000 public molecules", "public", "consensus", ()),
    Change("amount and label quality", "48,000 public molecules, labels of the pooled network", "public", "pooled", ()),
    Change("capacity", "five layers of 160 instead of three of 64", "public", "consensus", (FEW, WIDE)),
    Change("capacity", "a random forest of 150 trees", "public", "consensus", (FEW, *FOREST)),
    Change("weights", "48,000 public molecules, plain mean of the teachers", "public", "consensus", ("consensus=mean",)),
    Change("weights", "48,000 public molecules, weights to the 12th power", "public", "consensus", ("consensus.options.power=12",)),
    Change("weights", "48,000 public molecules, one head per teacher, gated", "public", "consensus", ("distillation=heads",)),
    Change("calibration", "log-odds doubled", "public", "consensus", (FEW, "distillation.sharpen=2")),
    Change("calibration", "hard labels", "public", "consensus", (FEW, "distillation.labels=hard")),
)


def files(data: Path, work: Path, seed: int) -> dict[str, Path]:
    """Write the companies' molecules, those of their chemistry that nobody has, and public ones; drawn anew for every seed."""
    table = pd.read_parquet(data / "herg_chembl.parquet")
    table = table.assign(blocker=(table["pic50"] >= THRESHOLD).astype(int))[["smiles", "blocker"]]
    nobodys = np.random.default_rng(seed).random(len(table)) < OWN_SHARE
    public = pd.read_parquet(data / "transfer_public.parquet")[["smiles"]].sample(PUBLIC, random_state=seed)
    tables = {"pool": table[~nobodys], "own": table[nobodys][["smiles"]], "public": public}
    places = {name: work / f"{name}-{seed}.parquet" for name in tables}
    for name, place in places.items():
        tables[name].to_parquet(place, index=False)
    return places


def settings_of(places: Mapping[str, Path], transfer: str, data: Path) -> list[str]:
    """Return the settings with one of both transfer sets."""
    tables = [f"data.pool={places['pool']}", f"data.transfer={places[transfer]}", f"data.test_external={data / 'herg_ncats_flux.parquet'}"]
    return ["data=files", *tables, *LIGHT, *LEARNING]


def federation(settings: list[str], seed: int, runner: Runner) -> dict[str, Federation]:
    """Make teachers, pooled network and what both say of the transfer set; all but the latter are the same for both transfer sets."""
    spec = spec_of(settings, seed)
    graph = federation_graph(spec, runner)
    data = graph.value(DATA)
    pooled, teachers = graph.make(*upper_bounds(spec)), graph.make(*spec.company_names)
    evaluation = {"validation": data.validation, **data.tests}
    found = {}
    for name, annotators in (("consensus", teachers), ("pooled", pooled)):
        models = {one: read_model(artifact) for one, artifact in annotators.items()}
        with threads(2):
            asked = {
                part: stack([annotate_dataset(model, molecules) for model in models.values()]) for part, molecules in evaluation.items()
            }
        annotations = annotate(models, data.transfer, spec.annotation.chunk, runner)
        found[name] = Federation(data, annotators, models, annotations, evaluation, asked)
    return found


def fidelity(said: Mapping[str, np.ndarray], taught: Mapping[str, np.ndarray], plain: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the rank correlation of a student with those whose labels it learnt, and with the plain mean of its teachers."""
    found = {f"{name} fidelity": float(spearmanr(said[name], taught[name]).statistic) for name in said if name != "validation"}
    return found | {"in-domain likeness to plain mean": float(spearmanr(said["in-domain"], plain["in-domain"]).statistic)}


def carried_out(data: Path, work: Path, seed: int, runner: Runner) -> list[dict[str, Any]]:
    """Return one row per student of one seed, and those of consensus and pooled network asked directly."""
    places, rows = files(data, work, seed), []
    for transfer in ("public", "own"):
        settings = settings_of(places, transfer, data)
        for labels, common in federation(settings, seed, runner).items():
            if labels == "pooled":  # `scored` takes the endpoints of T1
                common = common._replace(models={"T1": common.models["pooled"]})
            taught, plain = (ask_consensus(spec_of(settings, seed, variant), common)[0] for variant in (None, PLAIN))
            if transfer == "public":
                asked = {labels: taught} | ({PLAIN.choice: plain} if labels == "consensus" else {})
                rows += [{"cause": PLAIN.group, "name": name, **scored(said, None, common)} for name, said in asked.items()]
            changes = [one for one in CHANGES if (one.molecules, one.labels) == (transfer, labels)]
            wanted = [Variant(one.cause, one.name, "student", one.settings) for one in changes]
            specs = {variant: spec_of(settings, seed, variant) for variant in wanted}
            made, failed = students(specs, common, runner)
            if failed:
                raise RuntimeError(f"not made: {failed}")
            for variant, artifact in made.items():
                said, _ = ask_student(artifact, common)
                like = fidelity(said, ask_consensus(specs[variant], common)[0], plain)
                rows.append({"cause": variant.group, "name": variant.choice, **scored(said, None, common), **like})
    return [row | {"seed": seed} for row in rows]


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean and paired difference to the base, with 95 % intervals, in the order of `CHANGES`."""
    base = rows[rows["name"] == BASE.name].set_index("seed")
    order = [*DIRECT, *(change.name for change in CHANGES)]
    found = []
    for name in order:
        own = rows[rows["name"] == name].set_index("seed")
        row: dict[str, Any] = {"cause": own["cause"].iloc[0], "name": name, "seeds": len(own)}
        for measure in MEASURES:
            row[measure], row[f"{measure} ±"] = interval(own[measure])
            row[f"{measure} Δ"], row[f"{measure} Δ±"] = interval(own[measure] - base[measure])
        found.append(row)
    return pd.DataFrame(found)


def markdown(table: pd.DataFrame) -> list[str]:
    """Return the table as Markdown."""
    lines = [f"| cause | student | {' | '.join(MEASURES)} |", "|---" * (len(MEASURES) + 2) + "|"]
    for _, row in table.iterrows():
        base = row["name"] == BASE.name
        cells = []
        for measure in MEASURES:
            if np.isnan(row[measure]):
                cells.append("–")
            elif base or measure in MEASURES[4:]:
                cells.append(f"{row[measure]:.3f} ± {row[f'{measure} ±']:.3f}")
            else:
                cells.append(f"{row[measure]:.3f} ({row[f'{measure} Δ']:+.3f} ± {row[f'{measure} Δ±']:.3f})")
        lines.append(f"| {row['cause']} | {row['name']} | {' | '.join(cells)} |")
    return lines


def judged_rows(table: pd.DataFrame) -> list[Row]:
    """Return a row per student; it holds if it was measured."""
    return [row | {"holds": not np.isnan(row["in-domain auroc"])} for row in table.to_dict("records")]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--seeds", type=int, default=5, help="divisions into companies")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="store of stages, kept: a second run goes on")
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Carry out the study; what is measured is on disk after every seed."""
    options = parser().parse_args(arguments)
    if (data := data_folder(options.overrides)) is None:
        skip("needs paths.data=FOLDER with herg_chembl.parquet, herg_ncats_flux.parquet and transfer_public.parquet")
    work = Path(options.work or tempfile.mkdtemp(prefix="fluid-shift-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    runner, rows = Runner(ArtifactStore(work / "store"), workers=2), []
    for seed in range(options.seeds):
        for row in carried_out(data.resolve(), work, seed, runner):
            rows.append(row)
            print({key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}, flush=True)
        write(rows, options.json.with_suffix(".partial.json"))
    table = summary(pd.DataFrame(rows))
    lines = markdown(table)
    print("\n".join(lines))
    if options.docs:
        put_between(ROOT / "docs" / "results" / "domain_shift.md", "shift", [*lines, "", f"Made by `python {' '.join(sys.argv)}`."])
    options.json.with_suffix(".partial.json").unlink()
    finish(judged_rows(table), options.json, raw=rows, seeds=options.seeds)


if __name__ == "__main__":
    main()
