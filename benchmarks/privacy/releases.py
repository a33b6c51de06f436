"""What rules of release cost and save: domain scores with and without own molecules, and answers rounded to fewer digits.

Example: `python benchmarks/privacy/releases.py --json releases.json --seeds 2`. Members are the private molecules of each company of the
embedded set; non-members are held-out molecules (validation and in-domain test) of which the nearest private molecule is the company's.
An AUC of 0.5 means that nobody can tell one from the other. Utility: how faithful additive copies of the teachers are in-domain, and the
AUROC of the copies' mean; both from answers about public molecules only.
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "experts")]
import tempfile
from dataclasses import replace

import numpy as np
from common import Row, arguments, finish
from scipy.special import expit
from sklearn.metrics import roc_auc_score
from study import QUICK, homes, samples

from fluid.annotation.domain import DomainScorer
from fluid.annotation.rounding import round_predictions, units_of
from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import federation_spec
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.federation.data_nodes import COMPANIES, DATA
from fluid.federation.expert_heads import copy_answers, correlation
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import Model, own_molecules
from fluid.federation.model_nodes import annotations_name
from fluid.federation.own_molecules import OwnMolecules
from fluid.models.scores import scores_of
from fluid.molecules.substructures import Dictionary
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore

TEACHERS = {
    "network": ["model=gine", "model.hidden=64", "model.layers=3", "training=tiny"],
    "forest": ["model=forest"],
    "additive": ["model=additive"],
}
COMMON = ["logger=none", "trainer.progress=false"]
BOUNDS = {"own molecules count": None, "own molecules do not": np.inf, "nor what is alike from 0.9": 0.9, "from 0.7": 0.7}
DIGITS = (0, 3, 2, 1)
STRENGTHS = (0.1, 1.0, 10.0)
MOST_AUC = 0.53
"""Of bins in which a molecule does not count for itself: the bound of the default policy."""


def rows_of(name: str, figures: Mapping[str, float], most: Mapping[str, float] | None = None) -> Iterator[Row]:
    """Yield a row per figure, with the largest value that it is to have, where there is one."""
    for what, value in figures.items():
        target = (most or {}).get(what)
        yield {"name": f"{name}: {what}", "value": float(value), "target": target, "holds": target is None or value <= target}


def bin_rows(companies: Mapping[str, Dataset], outside: Mapping[str, Dataset], transfer: Dataset, seed: int) -> Iterator[Row]:
    """Yield, of each rule for the domain score, how well bins tell members, and how many public molecules it gives another bin."""
    plain = {name: DomainScorer(np.asarray(part.molecules.bits)) for name, part in companies.items()}
    public = {name: scorer.bins(np.asarray(transfer.molecules.bits)) for name, scorer in plain.items()}
    for label, bound in BOUNDS.items():
        said, member, changed = [], [], []
        for name, part in companies.items():
            own = own_molecules(part.molecules, seed)

            def bins(asked: Dataset, name: str = name, own: OwnMolecules = own, bound: float | None = bound) -> np.ndarray:
                hidden = None if bound is None else replace(own, similarity=bound).hidden(asked.molecules)
                return plain[name].bins(np.asarray(asked.molecules.bits), hidden)

            for asked, is_member in ((part, True), (outside[name], False)):
                said.append(bins(asked))
                member.append(np.full(len(asked), is_member))
            changed.append((bins(transfer) != public[name]).mean())
        auc = roc_auc_score(np.concatenate(member), np.concatenate(said))
        most = {"AUC": MOST_AUC, "public bins changed": 0.0} if bound == np.inf else None
        yield from rows_of(f"seed {seed}, bins, {label}", {"AUC": auc, "public bins changed": np.mean(changed)}, most)


def rounded(said: np.ndarray, endpoints: tuple[Endpoint, ...], digits: int) -> np.ndarray:
    """Return answers `(M, T)` in so many digits; 0: as they are."""
    return round_predictions(said, endpoints, units_of(endpoints, said), digits) if digits else said


def digit_rows(
    kind: str, models: Mapping[str, Model], sets: Mapping[str, np.ndarray], companies: Mapping[str, Dataset],
    outside: Mapping[str, Dataset], data: tuple[Dataset, Dataset], seed: int,
) -> Iterator[Row]:  # fmt: skip
    """Yield, of each number of digits, what attacks on answers find, and how good copies of the teachers are."""
    transfer, test = data
    dictionary = Dictionary(3, 8192)
    features, asked = dictionary.features(transfer.molecules), dictionary.features(test.molecules)
    endpoints = next(iter(models.values())).predictor.endpoints
    order = np.random.default_rng(seed).permutation(len(transfer))
    rows = (np.sort(order[len(order) // 10 :]), np.sort(order[: len(order) // 10]))
    parts = {name: (companies[name], outside[name]) for name in models}
    answers = {name: [models[name].predictor.predict(part.molecules).mean for part in pair] for name, pair in parts.items()}
    truth = {name: models[name].predictor.predict(test.molecules).mean for name in models}
    labels = test.labels[:, 0] if test.labels.ndim == 2 else test.labels
    for digits in DIGITS:
        attacks: dict[str, list[np.ndarray]] = {"member": [], "sure": [], "right": []}
        for name, pair in answers.items():
            for place, said in enumerate(pair):
                probs, part = rounded(said, endpoints, digits)[:, 0].astype(float), parts[name][place]
                attacks["member"].append(np.full(len(probs), place == 0))
                attacks["sure"].append(np.abs(probs - 0.5))
                attacks["right"].append(np.where(part.labels[:, 0] > 0.5, probs, 1 - probs))
        member, sure, right = (np.concatenate(attacks[name]) for name in attacks)
        scores = np.concatenate([scores_of(rounded(sets[name], endpoints, digits), endpoints) for name in models], axis=1)
        copy = copy_answers(features, scores, rows, STRENGTHS)
        copied = asked @ copy.weights.T + copy.bias
        fidelity = np.mean([correlation(copied[:, k], scores_of(truth[name], endpoints)[:, 0]) for k, name in enumerate(models)])
        known = np.isfinite(labels)
        auroc = roc_auc_score(labels[known] > 0.5, expit(copied).mean(axis=1)[known])
        found = {"confidence AUC": roc_auc_score(member, sure), "label known AUC": roc_auc_score(member, right)}
        yield from rows_of(f"seed {seed}, {kind}, {digits or 'all'} digits", found | {"fidelity": fidelity, "copies' AUROC": auroc})


def study(kind: str, seed: int, store: Path, bins: bool, overrides: list[str]) -> Iterator[Row]:
    """Yield the rows of one division and kind of teacher."""
    spec = federation_spec(plain_values(compose("simulate", [*TEACHERS[kind], *COMMON, f"seed={seed}", *overrides])))
    runner = Runner(ArtifactStore(store))
    graph = federation_graph(spec, runner)
    companies, data = graph.value(COMPANIES), graph.value(DATA)
    tests = data.tests
    held_out = [data.validation, tests["in-domain"]]
    others = joined(held_out)
    outside = {name: others.take(rows) for name, rows in homes(companies, others).items()}
    if bins:
        yield from bin_rows(companies, outside, data.transfer, seed)
    graph.make(*companies)
    graph.make(*map(annotations_name, companies))
    models = {name: graph.value(name) for name in companies}
    sets = {name: graph.value(annotations_name(name)).prediction for name in companies}
    yield from digit_rows(kind, models, sets, companies, outside, (data.transfer, tests["in-domain"]), seed)


def joined(parts: list[Dataset]) -> Dataset:
    """Return several data sets of the same endpoints as one."""
    first, *others = parts
    molecules = first.molecules.followed_by([part.molecules for part in others])
    return Dataset(molecules, first.endpoints, np.concatenate([part.labels for part in parts]))


def main() -> None:
    """Run the study."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--quick", action="store_true", help="the same rows in minutes: a part of the embedded set")
    parser.add_argument("--seeds", type=int, default=1, help="divisions into companies")
    parser.add_argument("--kind", choices=TEACHERS, action="append", help="only teachers of this kind (may be given again)")
    parser.add_argument("--store", type=Path, help="where trained teachers are kept for another run; default: nowhere")
    asked, rows = parser.parse_args(), list[Row]()
    with tempfile.TemporaryDirectory() as temporary:
        overrides = [*asked.overrides, *(QUICK + samples(Path(temporary)) if asked.quick else [])]
        for seed in range(asked.seeds):
            for place, kind in enumerate(asked.kind or TEACHERS):
                for row in study(kind, seed, asked.store or Path(temporary), place == 0, overrides):
                    print(f"{row['name']}: {row['value']:.4f}", flush=True)
                    rows.append(row)
    finish(rows, asked.json)


if __name__ == "__main__":
    main()
