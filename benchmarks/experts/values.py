"""Is the student of experts better than every single teacher on values?

hERG pIC50 of ChEMBL and six ADME values, five divisions each by k-means. Example:
`python benchmarks/experts/values.py --json values.json paths.data=../shared/data`. Per endpoint: RMSE of the student less that of the
*best* teacher of the same division, on the in-domain test. `--quick` makes rows of seven values that are computed from molecules of the
embedded set: they say whether it runs, and little of accuracy.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
import pandas as pd
from common import Row, arguments, data_folder, finish, made_by, put_into, skip, write
from rdkit import Chem
from rdkit.Chem import Crippen, rdMolDescriptors
from study import COMMON, interval

from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import federation_spec
from fluid.data.embedded import embedded_path
from fluid.evaluation.metrics import rmse, spearman
from fluid.federation.data_nodes import WHOLE
from fluid.federation.graph import federation_graph
from fluid.federation.model_nodes import POOLED, STUDENT
from fluid.federation.stages.columns import values_for
from fluid.federation.stages.hybrid import hybrid_name
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore

VARIANTS = {"additive > experts": ["protocol=experts"], "gine > network": ["protocol=fluid", "hybrid=gate"]}
"""Teachers and student, by their settings."""
MAIN = "additive > experts"
"""The one that has targets."""
FEWEST_WON = 6
"""Of seven endpoints, those on which the student is to be better than every teacher."""
SETTINGS = [*COMMON, "evaluation.forest=false", "intake.quorum=5", "companies.min_per_class=5"]
QUICK = ["data=files", "training=tiny", "companies.n=3", "companies.min_size=50", "data.validation_share=0.1", "data.test_share=0.2"]
COMPUTED = {
    "logp": Crippen.MolLogP,
    "refractivity": Crippen.MolMR,
    "tpsa": rdMolDescriptors.CalcTPSA,
    "sp3": rdMolDescriptors.CalcFractionCSP3,
    "donors": rdMolDescriptors.CalcNumHBD,
    "acceptors": rdMolDescriptors.CalcNumHBA,
    "rotatable": rdMolDescriptors.CalcNumRotatableBonds,
}
"""Values of a quick run."""


def computed(work: Path) -> list[str]:
    """Write molecules of the embedded set with values computed from them; return the settings that name the files."""
    found = []
    for part, size in {"pool": 1500, "transfer": 1500}.items():
        table = pd.read_parquet(embedded_path(part)).sample(size, random_state=0)[["smiles"]]
        if part == "pool":
            molecules = [Chem.MolFromSmiles(smiles) for smiles in table["smiles"]]
            for name, value in COMPUTED.items():
                table[name] = [value(molecule) for molecule in molecules]
        table.to_csv(work / f"{part}.csv", index=False)
        found.append(f"data.{part}={work / part}.csv")
    return [*QUICK, *found, f"intake.endpoints={[f'{name} [units]' for name in COMPUTED]}"]


def datasets(options: argparse.Namespace, work: Path) -> dict[str, list[str]]:
    """Return the settings of each data set."""
    if options.quick:
        return {"computed": [*SETTINGS, *computed(work)]}
    data = data_folder(options.overrides)
    if data is None:
        skip("measured values need paths.data=FOLDER; --quick needs nothing")
    both = [*SETTINGS, f"paths.data={data}", "data.transfer_where=source is mlsmr"]
    herg = ["data=herg_chembl", "intake.endpoints=[pic50]", "data.test_external=", "data.transfer_n=30000"]
    return {"herg_chembl": [*both, *herg], "adme_biogen": [*both, "data=adme_biogen", "companies.n=4", "data.transfer_n=3000"]}


def carried_out(settings: list[str], seed: int, store: ArtifactStore) -> Iterator[dict[str, Any]]:
    """Yield the errors of every model of one federation on the in-domain test, by endpoint."""
    spec = federation_spec(plain_values(compose("simulate", [*settings, f"seed={seed}"])))
    graph = federation_graph(spec, Runner(store, workers=2))
    roles = {POOLED: "pooled", STUDENT: "student"} | dict.fromkeys(spec.company_names, "teacher")
    roles |= {hybrid_name(name): "hybrid" for name in spec.company_names}
    models, part = graph.values(list(roles)), graph.value(WHOLE).tests["in-domain"]
    for name, role in roles.items():
        endpoints = models[name].predictor.endpoints
        said, labels = models[name].predictor.predict(part.molecules).mean, values_for(part, endpoints)
        for place, endpoint in enumerate(endpoints):
            measured = {"rmse": rmse(said[:, place], labels[:, place]), "spearman": spearman(said[:, place], labels[:, place])}
            yield {"model": name, "role": role, "endpoint": endpoint.name, **measured}


def judged(raw: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows: of each variant and endpoint the student less the best teacher, and on how many endpoints it is better than all."""
    for variant, table in raw.groupby("variant", sort=False):
        won = 0
        for endpoint, part in table.groupby("endpoint", sort=False):
            by = part.groupby(["seed", "role"])["rmse"]
            mean, best = by.mean().unstack(), by.min().unstack()
            less, half = interval(mean["student"] - best["teacher"])
            won += less < 0
            levels = {role: interval(mean[role]) for role in ("teacher", "student", "hybrid", "pooled")}
            name = f"{variant}: {endpoint}: student less the best teacher, RMSE"
            levels["best teacher"] = interval(best["teacher"])
            yield {"name": name, "value": less, "half": half, "target": None, "holds": True, **levels}
        target = FEWEST_WON if variant == MAIN else None
        name = f"{variant}: endpoints better than every teacher"
        yield {"name": name, "value": won, "half": 0.0, "target": target, "holds": target is None or won >= target}


def markdown(rows: list[Row]) -> list[str]:
    """Return the endpoints as a table."""
    shown = {"teacher": "mean teacher", "best teacher": "best teacher", "student": "student", "hybrid": "mean hybrid", "pooled": "pooled"}
    heading = ["teachers > student", "endpoint", *shown.values(), "student less best teacher"]
    lines = ["| " + " | ".join(heading) + " |", "|---" * len(heading) + "|"]
    for row in rows:
        if "student" in row:
            variant, endpoint, _ = row["name"].split(": ")
            levels = " | ".join("{:.3f} ± {:.3f}".format(*row[role]) for role in shown)
            lines.append(f"| {variant} | {endpoint} | {levels} | {row['value']:+.3f} ± {row['half']:.3f} |")
    return lines


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--quick", action="store_true", help="the same rows in minutes: one seed, computed values")
    made.add_argument("--seeds", type=int, default=5, help="divisions into companies")
    made.add_argument("--variant", choices=VARIANTS, action="append", help="only this one (may be given again)")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="store of stages, kept: a second run goes on")
    return made


def main() -> None:
    """Carry out the study; what is measured is on disk after every federation."""
    options = parser().parse_args()
    work = Path(options.work or tempfile.mkdtemp(prefix="fluid-values-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    store, rows = ArtifactStore(work / "store"), []
    for dataset, settings in datasets(options, work).items():
        for variant in options.variant or VARIANTS:
            for seed in range(1 if options.quick else options.seeds):
                about = {"dataset": dataset, "variant": variant, "seed": seed}
                rows += [about | row for row in carried_out([*VARIANTS[variant], "companies=kmeans", *settings], seed, store)]
                print(*about.values(), flush=True)
                write(rows, options.json.with_suffix(".partial.json"))
    found = list(judged(pd.DataFrame(rows)))
    for row in found:
        print(f"{row['name']}: {row['value']:+.3f} ± {row['half']:.3f}")
    if options.docs:
        put_into("docs/results/experts.md", "values", [*markdown(found), "", made_by()])
    options.json.with_suffix(".partial.json").unlink()
    finish(found, options.json, raw=rows)


if __name__ == "__main__":
    main()
