"""Which model of all private data together knows most: the bound that students are measured against.

Networks, forests, additive models and means of their log-odds. Example:
`python benchmarks/experts/pooled.py --json pooled.json paths.data=../shared/data`. The data are those of division 0; a seed is one of the
model: its own validation part, and where its weights begin. Answers of parts are kept in `--work`, from which means are made.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
import numpy as np
import pandas as pd
from common import Row, arguments, finish, made_by, put_into, write
from scipy.special import expit
from study import TESTS, datasets, interval

from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import federation_spec
from fluid.evaluation.metrics import auroc
from fluid.federation.consortium_data import ConsortiumData
from fluid.federation.data_nodes import WHOLE
from fluid.federation.graph import federation_graph
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.columns import values_for
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import ForestSpec, ModelSpec, NetworkSpec
from fluid.models.scores import scores_of
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.training.kinds.kind import Fitting, kind_of
from fluid.training.lesson import Measured

COUNTED = WideDeepSpec(combine="fingerprint")
PARTS: dict[str, tuple[ModelSpec, int]] = {
    "forest": (ForestSpec(), 1),
    "additive": (AdditiveSpec(), 1),
    "network": (NetworkSpec(), 1),
    "fingerprint": (COUNTED, 1),
    "three networks": (NetworkSpec(), 3),
    "three fingerprint": (COUNTED, 3),
}
"""Models that learn by themselves, with their members."""
MODELS = {
    "forest": ("forest",),
    "additive": ("additive",),
    "gine": ("network",),
    "wide_deep, fingerprint": ("fingerprint",),
    "wide_deep, mean": ("network", "additive"),
    "wide_deep, fingerprint_mean": ("fingerprint", "additive"),
    "wide_deep, both_networks": ("network", "fingerprint", "additive", "additive"),
    "wide_deep, both_networks of three members": ("three networks", "three fingerprint", "additive", "additive"),
    "additive and forest": ("additive", "forest"),
    "fingerprint, additive and forest": ("fingerprint", "additive", "forest"),
}
"""What is compared: means of the log-odds of parts, one of which may count twice; the last two are no setting."""
SHOWN = ("validation", *TESTS)
MAIN = "wide_deep, both_networks of three members"
MOST_BELOW = {"in-domain": 0.005, "external": 0.0}
"""How far the main model may be below the forest on ChEMBL."""
FEW = "data.transfer_n=500"
"""Fewer transfer molecules, from which no model here learns."""
Answers = dict[str, np.ndarray]


def answers_of(part: str, spec: FederationSpec, whole: ConsortiumData, seed: int) -> Answers:
    """Return log-odds of the first endpoint's molecules, by test, of a part that learnt the pool."""
    (model, members), pool = PARTS[part], whole.pool
    fitting = Fitting("pooled", replace(spec.training.pooled, members=members), spec.trainer, seed)
    predictor = kind_of(model).fit(fitting, model, Measured(pool.molecules, pool.labels, pool.endpoints)).predictor
    tests = {"validation": whole.validation, **whole.tests}
    said = {name: predictor.predict(test.molecules).mean for name, test in tests.items()}
    return {name: scores_of(said[name], predictor.endpoints)[:, 0] for name in SHOWN}


def kept(place: Path, part: str, spec: FederationSpec, whole: ConsortiumData, seed: int) -> Answers:
    """Return a part's answers, from the file that an earlier run left if there is one."""
    file = place / f"{seed}_{part.replace(' ', '_')}.npz"
    if not file.exists():
        place.mkdir(parents=True, exist_ok=True)
        np.savez(file, **answers_of(part, spec, whole, seed))
    return dict(np.load(file))


def levels_of(models: Sequence[str], said: dict[str, Answers], labels: Answers) -> Iterator[Row]:
    """Yield the AUROC of models on every test, from the log-odds of their parts."""
    for name in models:
        mean = {test: np.mean([said[part][test] for part in MODELS[name]], axis=0) for test in SHOWN}
        yield {"model": name, **{test: float(auroc(expit(mean[test]), labels[test])) for test in SHOWN}}


def measured(models: Sequence[str], settings: list[str], seed: int, work: Path, place: Path) -> Iterator[Row]:
    """Yield the AUROC of models with a seed on every test."""
    few = [FEW] if "data=herg_chembl" in settings else []
    spec = federation_spec(plain_values(compose("simulate", [*settings, *few, "seed=0"])))
    whole = federation_graph(spec, Runner(ArtifactStore(work / "store"), workers=1)).value(WHOLE)
    tests = {"validation": whole.validation, **whole.tests}
    labels = {test: values_for(tests[test], whole.pool.endpoints)[:, 0] for test in SHOWN}
    parts = dict.fromkeys(part for name in models for part in MODELS[name])
    yield from levels_of(models, {part: kept(place, part, spec, whole, seed) for part in parts}, labels)


def judged(raw: pd.DataFrame) -> Iterator[Row]:
    """Yield per data set and model the levels, and on each test what it has more than the forest."""
    for dataset, table in raw.groupby("dataset", sort=False):
        by = {model: part.set_index("seed") for model, part in table.groupby("model", sort=False)}
        for model, test in product(by, TESTS):
            mean, half = interval(by[model][test] - by["forest"][test])
            target = -MOST_BELOW[test] if (dataset, model) == ("herg_chembl", MAIN) else None
            levels = {name: interval(by[model][name]) for name in SHOWN}
            name, holds = f"{dataset}: {model}: AUROC less the forest's, {test}", target is None or mean >= target
            yield {"name": name, "value": mean, "half": half, "target": target, "holds": holds, **levels}


def markdown(rows: list[Row]) -> list[str]:
    """Return the levels as a table: a line per data set and model."""
    lines = ["| data | model | " + " | ".join(f"AUROC {test}" for test in SHOWN) + " |", "|---" * (len(SHOWN) + 2) + "|"]
    for row in rows[:: len(TESTS)]:
        dataset, model, _ = row["name"].split(": ")
        lines.append(f"| {dataset} | {model} | " + " | ".join("{:.3f} ± {:.3f}".format(*row[test]) for test in SHOWN) + " |")
    return lines


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--quick", action="store_true", help="the same rows in minutes: one seed, a part of the embedded set")
    made.add_argument("--seeds", type=int, default=3, help="seeds of the models")
    made.add_argument("--model", choices=MODELS, action="append", help="the forest and this one (may be given again)")
    made.add_argument("--dataset", choices=("embedded", "herg_chembl"), action="append", help="only this one (may be given again)")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="data and answers, kept: a second run goes on")
    return made


def main() -> None:
    """Carry out the comparison; what is measured is on disk after every seed."""
    options = parser().parse_args()
    work = Path(options.work or tempfile.mkdtemp(prefix="fluid-pooled-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    models = list(dict.fromkeys(["forest", *(options.model or MODELS)]))
    partial = options.json.with_suffix(".partial.json")
    for dataset, settings in datasets(options, work).items():
        for seed in range(1 if options.quick else options.seeds):
            place = work / f"{dataset}{'_quick' if options.quick else ''}"
            rows += [{"dataset": dataset, "seed": seed, **row} for row in measured(models, settings, seed, work, place)]
            print(dataset, seed, *(f"{row['model']} {row['in-domain']:.3f}" for row in rows[-len(models) :]), sep="; ", flush=True)
            write(rows, partial)
    found = list(judged(pd.DataFrame(rows)))
    print("\n".join(markdown(found)))
    if options.docs:
        put_into("docs/results/experts.md", "pooled", [*markdown(found), "", made_by()])
    partial.unlink()
    finish(found, options.json, raw=rows)


if __name__ == "__main__":
    main()
