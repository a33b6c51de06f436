"""What of all companies' knowledge reaches a student, and does a hybrid win at home?

Teachers and students of several kinds, three divisions. Example:
`python benchmarks/experts/study.py --json experts.json paths.data=../shared/data`. Every figure is of the tests, at settings that were
chosen on validation data. The gap is measured to the best pooled model of the same run. *Home* of a company are the in-domain test
molecules of which the nearest private molecule of all is its own.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import numpy as np
import pandas as pd
from common import Row, arguments, data_folder, finish, made_by, put_into, write
from matplotlib.figure import Figure
from scipy.stats import t

from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import federation_spec
from fluid.data.dataset import Dataset
from fluid.data.embedded import embedded_path
from fluid.evaluation import metrics
from fluid.federation.data_nodes import COMPANIES, WHOLE
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import Model
from fluid.federation.model_nodes import FOREST, POOLED, STUDENT
from fluid.federation.stages.columns import values_for
from fluid.federation.stages.hybrid import hybrid_name
from fluid.molecules.nearest import NearestReference
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore

VARIANTS = {
    "additive > experts": ["protocol=experts"],
    "additive > experts, each its own strength": ["protocol=experts", "training=default", "model=additive"],
    "additive > experts, product alone": ["protocol=experts", "distillation.experts.product=1"],
    "additive > experts, gate alone": ["protocol=experts", "distillation.experts.product=0"],
    "additive > regions": ["protocol=experts", "distillation=regions"],
    "additive > regions, as many as companies": ["protocol=experts", "distillation=regions", "distillation.regions.n=8"],
    "additive > distilled experts": ["protocol=experts", "training=default", "distillation=distilled_experts", "hybrid=gate"],
    "additive > distilled experts, transfer set alone": [
        "protocol=experts",
        "training=default",
        "distillation=distilled_experts",
        "distillation.generated.n=0",
        "hybrid=gate",
    ],
    "additive > wide_experts": [
        "protocol=experts",
        "distillation=wide_experts",
        "distillation.experts.network_learns=experts",
        "distillation.experts.curvature=0.01",
    ],
    "additive > network": ["protocol=experts", "training=default", "distillation=network", "hybrid=gate"],
    "wide_deep > wide_experts": [
        "protocol=experts",
        "training=default",
        "model=wide_deep",
        "model.combine=mean",
        "distillation=wide_experts",
    ],
    "wide_deep > experts": ["protocol=experts", "training=default", "model=wide_deep", "model.combine=mean"],
    "forest > experts": ["protocol=experts", "training=default", "model=forest"],
    "gine > experts": ["protocol=experts", "training=default", "model=gine"],
    "dmpnn > experts": ["protocol=experts", "training=default", "model=dmpnn"],
    "gine > network": ["protocol=fluid", "hybrid=gate"],
}
"""Teachers and student, by their settings."""
MAIN = ("additive > experts", "wide_deep > wide_experts")
"""Those that have targets."""
SPLITS = ("kmeans", "series", "scaffold")
TESTS = ("in-domain", "external")
TARGETS = {
    ("herg_chembl", "in-domain"): {"kmeans": 0.88, "series": 0.85, "scaffold": 0.80},
    ("embedded", "in-domain"): {"kmeans": 0.85},
    ("embedded", "external"): {"kmeans": 0.80},
}
"""Least share of the gap that a student closes."""
LEAST_EXTERNAL = {"herg_chembl": 0.825}
HOME_MARGIN, HOME_SHARE, ABROAD_LOSS, MOST_ECE, FEWEST_AT_HOME = 0.005, 0.95, 0.01, 0.05, 25
COMMON = ["logger=none", "trainer.progress=false", "evaluation.n_bootstrap=1", "evaluation.forest=true"]
QUICK = ["training=tiny", "companies.n=3", "companies.min_size=50", "companies.min_per_class=10", "intake.quorum=10"]
SAMPLES = {"pool": 1200, "validation": 300, "test_in_domain": 400, "test_external": 400, "transfer": 1500}
"""Molecules of each part of the embedded set in a quick study."""


def samples(work: Path) -> list[str]:
    """Write a fixed sample of the embedded set; return the settings that name its files."""
    found = ["data=files", "intake.endpoints=[blocker]"]
    for part, size in SAMPLES.items():
        place = work / f"{part}.csv"
        pd.read_parquet(embedded_path(part)).sample(size, random_state=0).to_csv(place, index=False)
        found.append(f"data.{part}={place}")
    return found


def datasets(options: argparse.Namespace, work: Path) -> dict[str, list[str]]:
    """Return the settings of each data set."""
    found = {"embedded": [*COMMON, *(QUICK + samples(work) if options.quick else [])]}
    data = data_folder(options.overrides)
    if data is not None and not options.quick:
        mlsmr = ["data.transfer_where=source is mlsmr", "data.transfer_n=30000"]
        found["herg_chembl"] = [*COMMON, "data=herg_chembl", f"paths.data={data}", *mlsmr]
    return {name: asked for name, asked in found.items() if not options.dataset or name in options.dataset}


class Answers:
    """What a model says of the first endpoint of a part, beside its labels; asked once."""

    def __init__(self, model: Model, part: Dataset) -> None:
        self.probs = model.predictor.predict(part.molecules).mean[:, 0]
        self.labels = values_for(part, model.predictor.endpoints)[:, 0]
        self.threshold = float(model.thresholds[0])

    def scores(self, rows: np.ndarray | slice = slice(None)) -> dict[str, float]:
        """Return AUROC, MCC at the model's own threshold, Brier score and calibration error on some rows, by default all."""
        probs, labels = self.probs[rows], self.labels[rows]
        measured = {name: getattr(metrics, name)(probs, labels) for name in ("auroc", "brier", "ece")}
        return measured | {"mcc": metrics.mcc(probs, labels, self.threshold)}


def homes(companies: dict[str, Dataset], test: Dataset) -> dict[str, np.ndarray]:
    """Return the rows of a test that are at home with each company: whose private molecule is the nearest."""
    near = [NearestReference(np.asarray(part.molecules.bits)).mean_similarity(test.molecules.bits, 1) for part in companies.values()]
    owner = np.argmax(np.stack(near), axis=0)
    return {name: np.flatnonzero(owner == place) for place, name in enumerate(companies)}


def usable(part: Dataset, rows: np.ndarray) -> bool:
    """Return whether there are enough molecules of both classes to be judged on."""
    labels = part.labels[rows, 0]
    return len(rows) >= FEWEST_AT_HOME and 5 <= np.nansum(labels) <= np.isfinite(labels).sum() - 5


def carried_out(settings: Sequence[str], seed: int, store: ArtifactStore) -> Iterator[dict[str, Any]]:
    """Yield what is measured of every model of one federation: `model`, `role`, `test`, and its scores."""
    spec = federation_spec(plain_values(compose("simulate", [*settings, f"seed={seed}"])))
    graph = federation_graph(spec, Runner(store, workers=2))
    whole, companies = graph.value(WHOLE), graph.value(COMPANIES)
    names = spec.company_names
    roles = {POOLED: "pooled", FOREST: "forest", STUDENT: "student"} | dict.fromkeys(names, "teacher")
    roles |= {hybrid_name(name): "hybrid" for name in names}
    models, parts = graph.values(list(roles)), {"validation": whole.validation, **whole.tests}
    said = {(name, test): Answers(models[name], part) for name in roles for test, part in parts.items()}
    for (name, test), answers in said.items():
        yield {"model": name, "role": roles[name], "test": test, **answers.scores()}
    inside = whole.tests["in-domain"]
    for company, rows in homes(companies, inside).items():
        for where, there in (("home", rows), ("abroad", np.setdiff1d(np.arange(len(inside)), rows))):
            if usable(inside, there):
                for role, name in (("teacher", company), ("student", STUDENT), ("hybrid", hybrid_name(company))):
                    scores = said[name, "in-domain"].scores(there)
                    yield {"model": name, "role": role, "test": where, "company": company, **scores}
    fidelity = graph.make(STUDENT)[STUDENT].folder / "fidelity.csv"
    if fidelity.exists():
        for row in pd.read_csv(fidelity).to_dict("records"):
            yield {"model": row["teacher"], "role": "fidelity", "test": "transfer", "fidelity": row["fidelity"], "spanned": row["spanned"]}


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return mean and half-width of the 95 % interval of Student's t; NaN with one value."""
    found = np.asarray(values, dtype=float)
    half = t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else float("nan")
    return float(found.mean()), float(half)


def best_pooled(raw: pd.DataFrame, dataset: str, split: str, test: str) -> pd.Series:
    """Return per seed the AUROC of the best pooled model of all that were run."""
    there = (raw["dataset"] == dataset) & (raw["split"] == split) & (raw["test"] == test)
    runs = raw[there & raw["role"].isin(["pooled", "forest"])]
    return runs.groupby(["seed", "variant", "role"])["auroc"].mean().groupby("seed").max()


def gap_closed(table: pd.DataFrame, test: str, best: pd.Series, metric: str = "auroc") -> pd.Series:
    """Return per seed `(student − mean teacher) / (best pooled model − mean teacher)`."""
    of = table[table["test"] == test].groupby(["seed", "role"])[metric].mean().unstack()
    return (of["student"] - of["teacher"]) / (best - of["teacher"])


def row_of(name: str, values: Sequence[float], least: float | None = None, most: float | None = None) -> Row:
    """Return a row: the mean with the half-width of its interval, and whether it is within its bounds."""
    mean, half = interval(values)
    holds = (least is None or mean >= least) and (most is None or mean <= most)
    return {"name": name, "value": mean, "half": half, "target": least if most is None else most, "holds": holds}


def judged(raw: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows: of each data set, division and variant, the gap closed, levels, homes; with targets for those that have one."""
    for (dataset, split, variant), table in raw.groupby(["dataset", "split", "variant"], sort=False):
        main, start = variant in MAIN, f"{dataset} {split} {variant}"
        student = table[table["role"] == "student"]
        for test in TESTS:
            best = best_pooled(raw, dataset, split, test)
            target = TARGETS.get((dataset, test), {}).get(split) if main else None
            yield row_of(f"{start}: gap closed, {test}", gap_closed(table, test, best), target)
            on = student[student["test"] == test]
            least = LEAST_EXTERNAL.get(dataset) if main and test == "external" else None
            yield row_of(f"{start}: student's AUROC, {test}", on["auroc"], least)
            for metric in ("mcc", "brier"):
                yield row_of(f"{start}: student's {metric}, {test}", on[metric])
            yield row_of(f"{start}: student's ece, {test}", on["ece"], most=MOST_ECE if main and test == "in-domain" else None)
        yield from at_home(table, start, main)
        told = table[table["role"] == "fidelity"]
        if len(told):
            yield row_of(f"{start}: fidelity", told.groupby("seed")["fidelity"].mean())


def at_home(table: pd.DataFrame, start: str, main: bool) -> Iterator[Row]:
    """Yield how hybrids do at home and abroad, against own teacher and student."""
    found = table[table["test"].isin(["home", "abroad"])].pivot_table(index=["test", "seed", "company"], columns="role", values="auroc")
    home, abroad = found.loc["home"], found.loc["abroad"]
    wins = (home["hybrid"] >= home["teacher"] - HOME_MARGIN).groupby("seed").mean()
    over, under = ((part["hybrid"] - part["student"]).groupby("seed").mean() for part in (home, abroad))
    targets = (HOME_SHARE, 0.0, -ABROAD_LOSS) if main else (None, None, None)
    labels = ("hybrids not worse than own teacher at home", "hybrid over student at home", "hybrid over student abroad")
    for label, values, target in zip(labels, (wins, over, under), targets, strict=True):
        yield row_of(f"{start}: {label}", values, target)
    for role in ("teacher", "student", "hybrid"):
        yield row_of(f"{start}: {role}'s AUROC at home", home[role].groupby("seed").mean())


SHOWN = {
    "gap closed, in-domain": "gap closed, in-domain",
    "gap closed, external": "external",
    "student's AUROC, in-domain": "AUROC in-domain",
    "student's AUROC, external": "external",
    "student's mcc, in-domain": "MCC in-domain",
    "student's ece, in-domain": "ECE in-domain",
    "teacher's AUROC at home": "at home: teacher",
    "student's AUROC at home": "student",
    "hybrid's AUROC at home": "hybrid",
    "hybrids not worse than own teacher at home": "hybrids not below own teacher",
}
"""Measures of the table on the page, with their headings."""


def markdown(rows: Sequence[Row], shown: Mapping[str, str] = SHOWN, what: str = "teachers > student") -> list[str]:
    """Return the rows as a table: a line per data set, division and what is compared, a column per measure that is shown."""
    found = {row["name"]: row for row in rows}
    lines = [f"| data, division, {what} | " + " | ".join(shown.values()) + " |", "|---" * (len(shown) + 1) + "|"]
    for start in dict.fromkeys(name.split(": ")[0] for name in found):
        lines.append(f"| {start} | " + " | ".join(cell_of(found.get(f"{start}: {measure}")) for measure in shown) + " |")
    return lines


def cell_of(row: Row | None) -> str:
    """Return a cell of the table: mean and half-width; a dash where nothing was measured."""
    return "–" if row is None else f"{row['value']:.3f} ± {row['half']:.3f}"


def draw(raw: pd.DataFrame, path: Path) -> None:
    """Draw the figure that explains the study: of each division, the gap closed in-domain against the heads' mean fidelity."""
    axes = Figure(figsize=(7, 4.5), layout="constrained").subplots()
    for (dataset, variant), table in raw.groupby(["dataset", "variant"], sort=False):
        told = table[table["role"] == "fidelity"].groupby(["split", "seed"])["fidelity"].mean()
        if len(told):
            closed = [gap_closed(part, TESTS[0], best_pooled(raw, dataset, split, TESTS[0])) for split, part in table.groupby("split")]
            found = pd.concat(closed, keys=[split for split, _ in table.groupby("split")], names=["split"])
            axes.scatter(told.loc[found.index], found, label=f"{variant}, {dataset}", s=24)
    axes.set(xlabel="fidelity: correlation of heads with their teachers on molecules held out", ylabel="gap closed, in-domain")
    axes.legend(fontsize=8)
    axes.figure.savefig(path, dpi=150)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--quick", action="store_true", help="the same rows in minutes: one seed, tiny networks, a part of the embedded set")
    made.add_argument("--seeds", type=int, default=5, help="divisions into companies")
    made.add_argument("--variant", choices=VARIANTS, action="append", help="only this one (may be given again)")
    made.add_argument("--dataset", choices=("embedded", "herg_chembl"), action="append", help="only this one (may be given again)")
    made.add_argument("--split", choices=SPLITS, action="append", help="only this division (may be given again)")
    made.add_argument("--figure", type=Path, default=None, metavar="FILE", help="also draw the gap closed against fidelity")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="store of stages, kept: a second run goes on")
    return made


def asked_for(options: argparse.Namespace, work: Path) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield every federation that is asked for: what it is, and its settings."""
    seeds = range(1 if options.quick else options.seeds)
    for dataset, settings in datasets(options, work).items():
        for seed, split, variant in product(seeds, options.split or SPLITS, options.variant or VARIANTS):
            about = {"dataset": dataset, "seed": seed, "split": split, "variant": variant}
            yield about, [*VARIANTS[variant], f"companies={split}", *settings]


def main() -> None:
    """Carry out the study; what is measured is on disk after every federation."""
    options = parser().parse_args()
    work = Path(options.work or tempfile.mkdtemp(prefix="fluid-experts-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    store, rows = ArtifactStore(work / "store"), []
    partial = options.json.with_suffix(".partial.json")
    for about, settings in asked_for(options, work):
        made = [about | row for row in carried_out(settings, about["seed"], store)]
        student = {row["test"]: round(row["auroc"], 3) for row in made if row["role"] == "student" and "company" not in row}
        print(*about.values(), student, flush=True)
        rows += made
        write(rows, partial)
    found = list(judged(pd.DataFrame(rows)))
    for row in found:
        print(
            f"{row['name']}: {row['value']:.3f}"
            + (f" (target {row['target']}: {'holds' if row['holds'] else 'missed'})" if row["target"] is not None else "")
        )
    if options.docs:
        put_into("docs/results/experts.md", "experts", [*markdown(found), "", made_by()])
    if options.figure:
        draw(pd.DataFrame(rows), options.figure)
    partial.unlink()
    finish(found, options.json, raw=rows)


if __name__ == "__main__":
    main()
