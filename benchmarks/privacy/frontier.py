"""What saying less costs: gap closed against the strongest attack and against the certified ε, of several releases.

Companies answer by additive teachers and the student is of experts, unless the release says otherwise. Example:
`python benchmarks/privacy/frontier.py --json frontier.json --figure frontier.png paths.data=../shared/data`. Attacks are those of
`fluid audit` with the teacher at hand: what is attacked is what the company would release if it had a random half of its molecules, the
members; the other half are the non-members, and what the other companies sent is known to the attacker. The largest of many attacks on
few molecules is above chance also where nothing is told: a bound fell where the whole interval of an attack is above it, and all
intervals of an audit hold together. The gap is from the best mean teacher to the best pooled model of all releases of a division.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "experts")]
import numpy as np
import pandas as pd
from common import Row, arguments, finish, made_by, put_into, write
from matplotlib.figure import Figure
from study import SPLITS, TESTS, Answers, datasets, markdown, row_of
from sums import attacked_of, scores_of

from fluid.annotation.storage import read_annotation_set
from fluid.cli.compose import compose, plain_values
from fluid.cli.specs import federation_spec
from fluid.data.endpoints import Endpoint
from fluid.federation.audited import of_set
from fluid.federation.data_nodes import COMPANIES, WHOLE
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import read_model
from fluid.federation.model_nodes import FOREST, POOLED, STUDENT, annotations_name
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.annotate import FOLDER, annotate_stage
from fluid.federation.stages.audit import HELD_OUT, Before, asked, drawn, scene_of
from fluid.federation.stages.teacher import teacher_stage
from fluid.pipeline.graph import Graph
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.privacy.accounting import Account
from fluid.privacy.attacks.registry import attacks_on
from fluid.privacy.audit import found_by
from fluid.privacy.policy import FELL, LOW_FPR, PolicySpec
from fluid.privacy.release_plan import ReleasePlan, mechanisms_of, planned
from fluid.privacy.statistics import auc_measured, tpr_measured
from fluid.privacy.sum_plan import sum_noise
from fluid.seeding import numpy_stream

EXPERTS, CERTIFIED = ["protocol=experts"], ["protocol=certified"]


def epsilon(value: float, strength: float) -> list[str]:
    """Return the settings of a release with a certificate; the strength of the penalty is public."""
    return [*CERTIFIED, f"privacy.epsilon={value:g}", f"model.strengths=[{strength:g}]"]


EVIDENCE_ALONE = [f"annotation.evidence.{name}" for name in ("clip=5", "noise=6.95", "min_support=6.95")]
"""Evidence by which ε = 3, where nothing else is released."""
RELEASES = {
    "open": EXPERTS,
    "epsilon 8": epsilon(8, 1.0),
    "epsilon 3": epsilon(3, 0.3),
    "epsilon 1": epsilon(1, 0.1),
    "epsilon 20": epsilon(20, 1.0),
    "open, evidence with noise": [*EXPERTS, "distillation.experts.product=0", *EVIDENCE_ALONE],
    "epsilon 8, exact evidence": [*CERTIFIED, "privacy.epsilon=null", "model.noise=0.81", "annotation.evidence.clip=0"],
    "open, minimum support 5": [*EXPERTS, "annotation.evidence.min_support=5"],
    "open, strong penalty": [*EXPERTS, "model.strengths=[0.03]"],
    "open, regions": [*EXPERTS, "distillation=regions"],
    "epsilon 8, regions": [*epsilon(8, 1.0), "distillation=regions", "distillation.experts.product=0"],
    "summed, epsilon 8": ["protocol=summed", "privacy.epsilon=8"],
    "summed, epsilon 3": ["protocol=summed", "privacy.epsilon=3"],
    "summed, epsilon 1": ["protocol=summed", "privacy.epsilon=1"],
    "bins and forests": ["protocol=fluid", "model=forest", "hybrid=gate"],
    "bins and networks": ["protocol=fluid", "hybrid=gate"],
}
"""Releases, by their settings. Weights of `epsilon 8, exact evidence` are those of `epsilon 8`.

Of `summed` ones nothing but sums over all companies is opened: they are attacked by a partner who knows all other companies' molecules.
"""
LEAST_CLOSED = {"epsilon 8": 0.55, "epsilon 3": 0.35, "open, evidence with noise": 0.85}
"""Least share of the in-domain gap on ChEMBL by k-means that a student closes."""
GUARDED, LEAST_GUARDED = "epsilon 8", 0.70
"""Release of which the strongest attack is to stay below the bounds of the default policy, and the share it is to close then."""
FEWEST_LABELS = 5
"""Of each class, in half a company."""
POLICY = PolicySpec()


class Certified(NamedTuple):
    """What is certified of a release: ε at δ = 1e-5, and the largest true-positive rate at a false-positive rate of 0.1 %."""

    epsilon: float
    tpr: float


def certified(spec: FederationSpec, endpoints: tuple[Endpoint, ...]) -> Certified | None:
    """Return what is certified of all that a company releases, `None` where nothing is."""
    if spec.privacy.epsilon is None:
        return None
    if spec.distillation.how.in_rounds:
        noise = sum_noise(spec.privacy, len(endpoints))
        account = Account(noise.mechanisms(endpoints) if noise else ())
    else:
        account = Account(mechanisms_of(planned(ReleasePlan(spec.model, spec.annotation, endpoints), spec.privacy)))
    return Certified(account.epsilon(spec.privacy.delta), account.tpr(LOW_FPR))


def carried_out(settings: Sequence[str], seed: int, store: ArtifactStore, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what is measured of one federation: scores of models, what attacks on some companies found, and what is certified."""
    spec = federation_spec(plain_values(compose("simulate", [*settings, f"seed={seed}"])))
    runner = Runner(store, workers=2)
    graph = federation_graph(spec, runner)
    roles = {POOLED: "pooled", FOREST: "forest", STUDENT: "student"} | dict.fromkeys(spec.company_names, "teacher")
    models, parts = graph.values(list(roles)), graph.value(WHOLE).tests
    for name, test in product(roles, TESTS):
        yield {"model": name, "role": roles[name], "test": test, **Answers(models[name], parts[test]).scores()}
    if told := certified(spec, tuple(models[STUDENT].predictor.endpoints)):
        yield {"role": "certified", "epsilon": told.epsilon, "tpr": told.tpr}
    for company in attacked(spec, options.companies):
        if spec.distillation.how.in_rounds:
            yield from attacks_on_sums(company, spec, graph, options.candidates)
        else:
            yield from attacks(company, spec, graph, runner, options.candidates)


def attacked(spec: FederationSpec, most: int) -> Sequence[str]:
    """Return the companies that are attacked, evenly spread by size: the largest and the smallest among them."""
    names = spec.company_names
    return [names[place] for place in np.unique(np.linspace(0, len(names) - 1, most).round().astype(int))]


def attacks(company: str, spec: FederationSpec, graph: Graph, runner: Runner, candidates: int) -> Iterator[dict[str, Any]]:
    """Yield what each attack found on what a company would release if it had one half of its molecules; the other half are no members."""
    own, transfer = graph.value(COMPANIES)[company], graph.value(WHOLE).transfer
    order = numpy_stream(spec.seed, "frontier", company).permutation(len(own))
    inside, outside = (own.take(np.sort(part)) for part in np.array_split(order, 2))
    settings = replace(spec.teacher_settings, quorum=FEWEST_LABELS)
    teacher = read_model(runner.make(teacher_stage(company, inside, settings)))
    sent = runner.make(annotate_stage(teacher, transfer, spec.annotation.chunk, spec.annotation.digits))
    others = [graph.value(annotations_name(name)) for name in spec.company_names if name != company]
    audited = of_set(read_annotation_set(sent / FOLDER, transfer.transfer_digest, len(transfer)), teacher)
    before = Before(audited, inside, outside, HELD_OUT, transfer, others)
    parts = drawn(before, candidates, spec.seed)
    scene = asked(scene_of(before, parts, spec.seed), before, parts)
    tried = attacks_on(scene)
    for one in found_by(tried, {attack.name: attack.score(scene) for attack in tried}, scene, POLICY):
        kind = "baseline" if one.baseline else "informed" if one.informed else "unaided"
        about = {"role": "attack", "company": company, "attack": one.attack, "knows": kind, "members": one.members}
        measured = {"auc": one.auc.value, "auc_low": one.auc.low, "tpr": one.tpr_01.value, "tpr_low": one.tpr_01.low}
        yield about | measured | {"fell": float(any(verdict.state == FELL for verdict in one.verdicts))}


def attacks_on_sums(company: str, spec: FederationSpec, graph: Graph, candidates: int) -> Iterator[dict[str, Any]]:
    """Yield what attacks on opened sums found on one half of a company's molecules; the attacker knows all other companies' molecules."""
    companies, generator = graph.value(COMPANIES), numpy_stream(spec.seed, "frontier", company)
    own = companies[company].take(np.sort(generator.permutation(len(companies[company]))[: 2 * candidates]))
    others = [companies[name] for name in spec.members if name != company]
    found = attacked_of(own, others, graph.value(WHOLE).transfer, spec.summed_settings)
    inside = generator.permutation(found.rows.shape[0]) < found.rows.shape[0] // 2
    for name, scores in scores_of(found, inside, generator):
        auc, tpr = auc_measured(scores[inside], scores[~inside]), tpr_measured(scores[inside], scores[~inside], LOW_FPR, generator)
        about = {"role": "attack", "company": company, "attack": name, "knows": "informed", "members": int(inside.sum())}
        measured = {"auc": auc.value, "auc_low": auc.low, "tpr": tpr.value, "tpr_low": tpr.low}
        yield about | measured | {"fell": float(auc.low > POLICY.auc or tpr.low > POLICY.tpr)}


ANY = ("unaided", "informed")
"""Attackers, by whether they have labelled molecules of the same chemistry."""


def strongest(table: pd.DataFrame, what: str, knows: Sequence[str] = ANY) -> pd.Series:
    """Return per division what the strongest attack on any company measured; of `fell`, the share of companies of which a bound did."""
    found = table[(table["role"] == "attack") & table["knows"].isin(knows)]
    strongest = found.groupby(["seed", "company"])[what].max().groupby("seed")
    return strongest.mean() if what == "fell" else strongest.max()


def gap_closed(table: pd.DataFrame, division: pd.DataFrame, test: str) -> pd.Series:
    """Return per seed `(student − teachers) / (pooled − teachers)`; both are the best of all releases: noise makes no gap smaller.

    Args:
        table: Of one release.
        division: Of all releases that share data set and division.
        test: The test.
    """
    there = division[division["test"] == test]
    by_role = there.groupby(["seed", "variant", "role"])["auroc"].mean().unstack()
    teachers = by_role["teacher"].groupby("seed").max()
    best = by_role.reindex(columns=["pooled", "forest"]).max(axis=1).groupby("seed").max()
    student = table[(table["test"] == test) & (table["role"] == "student")].groupby("seed")["auroc"].mean()
    return (student - teachers) / (best - teachers)


def judged(raw: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows: per data set, division and release the gap closed, levels, attacks and what is certified."""
    for (dataset, split, release), table in raw.groupby(["dataset", "split", "variant"], sort=False):
        start, main = f"{dataset} {split} {release}", (dataset, split) == ("herg_chembl", "kmeans")
        division = raw[(raw["dataset"] == dataset) & (raw["split"] == split)]
        closed = {test: gap_closed(table, division, test) for test in TESTS}
        yield row_of(f"{start}: gap closed, in-domain", closed["in-domain"], LEAST_CLOSED.get(release) if main else None)
        yield row_of(f"{start}: gap closed, external", closed["external"])
        student = table[table["role"] == "student"]
        for test in TESTS:
            yield row_of(f"{start}: student's AUROC, {test}", student[student["test"] == test]["auroc"])
        bounds = POLICY if release == GUARDED else None
        for what, column, knows, most in (
            ("strongest attack's AUC", "auc", ANY, bounds and bounds.auc),
            ("strongest attack's TPR at 0.1 %", "tpr", ANY, bounds and bounds.tpr),
            ("strongest unaided attack's AUC", "auc", ["unaided"], bounds and bounds.auc_unaided),
            ("best baseline's AUC", "auc", ["baseline"], None),
            ("audits in which a bound fell", "fell", ANY, 0.0 if bounds else None),
        ):
            if len(found := strongest(table, column, knows)):
                yield row_of(f"{start}: {what}", found, most=most)
        if len(told := table[table["role"] == "certified"]):
            yield row_of(f"{start}: epsilon", told["epsilon"])
            yield row_of(f"{start}: certified TPR at 0.1 %", told["tpr"])
        if release == GUARDED and main:
            yield row_of(f"{start}: gap closed, in-domain, of a guarded release", closed["in-domain"], LEAST_GUARDED)


SHOWN = {
    "gap closed, in-domain": "gap closed, in-domain",
    "student's AUROC, in-domain": "AUROC in-domain",
    "student's AUROC, external": "external",
    "strongest attack's AUC": "strongest attack: AUC",
    "strongest attack's TPR at 0.1 %": "TPR at 0.1 %",
    "strongest unaided attack's AUC": "without labelled data: AUC",
    "epsilon": "certified ε",
}
"""Measures of the table on the page, with their headings."""


def draw(rows: Sequence[Row], path: Path) -> None:
    """Draw the frontier: of each release, the gap closed in-domain against the strongest attack's AUC; certified ones are filled."""
    found = {row["name"]: row for row in rows}
    starts = list(dict.fromkeys(name.split(": ")[0] for name in found))
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    axes.axvspan(0.5, POLICY.auc, color="0.93")
    axes.text(POLICY.auc, 0.02, " bound of the default policy", fontsize=8, color="0.4", transform=axes.get_xaxis_transform())
    for start in starts:
        told, gap = found[f"{start}: strongest attack's AUC"], found[f"{start}: gap closed, in-domain"]
        epsilon = found.get(f"{start}: epsilon")
        name = start.split(" ", 2)[2] + (f" (ε = {epsilon['value']:.1f})" if epsilon else "")
        axes.errorbar(told["value"], gap["value"], np.nan_to_num(gap["half"]), np.nan_to_num(told["half"]), fmt="o", ms=6,
                      color="C0", mfc="C0" if epsilon else "white", lw=0.8)  # fmt: skip
        axes.annotate(name, (told["value"], gap["value"]), xytext=(6, 5), textcoords="offset points", fontsize=8)
    axes.set(xlabel="AUC of the strongest attack on any company (0.5: chance)", ylabel="share of the gap closed, in-domain")
    figure.savefig(path, dpi=150)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = arguments(__doc__ or "")
    made.add_argument("--quick", action="store_true", help="the same rows in minutes: one division, a part of the embedded set")
    made.add_argument("--seeds", type=int, default=5, help="divisions into companies")
    made.add_argument("--release", choices=RELEASES, action="append", help="only this one (may be given again)")
    made.add_argument("--dataset", choices=("embedded", "herg_chembl"), action="append", help="only this one (may be given again)")
    made.add_argument("--split", choices=SPLITS, action="append", help="only this division (may be given again)")
    made.add_argument("--companies", type=int, default=3, help="companies that are attacked, of each division")
    made.add_argument("--candidates", type=int, default=2000, help="members, and non-members, at most")
    made.add_argument("--figure", type=Path, default=None, metavar="FILE", help="also draw the gap closed against the strongest attack")
    made.add_argument("--work", type=Path, default=None, metavar="DIR", help="store of stages, kept: a second run goes on")
    return made


def main() -> None:
    """Measure every release; what is measured is on disk after every federation."""
    options = parser().parse_args()
    work = Path(options.work or tempfile.mkdtemp(prefix="fluid-frontier-")).resolve()
    work.mkdir(parents=True, exist_ok=True)
    store, rows, partial = ArtifactStore(work / "store"), list[dict[str, Any]](), options.json.with_suffix(".partial.json")
    for dataset, settings in datasets(options, work).items():
        runs = product(range(1 if options.quick else options.seeds), options.split or SPLITS, options.release or RELEASES)
        for seed, split, release in runs:
            about = {"dataset": dataset, "seed": seed, "split": split, "variant": release}
            made = [about | row for row in carried_out([*RELEASES[release], f"companies={split}", *settings], seed, store, options)]
            rows += made
            said = {row["test"]: round(row["auroc"], 3) for row in made if row["role"] == "student"}
            attack = max((row for row in made if row.get("knows") in ANY), key=lambda row: row["auc"], default={})
            print(*about.values(), said, attack.get("attack"), round(attack.get("auc", 0.5), 3), flush=True)
            write(rows, partial)
    raw = pd.DataFrame(rows)
    found = list(judged(raw))
    for row in found:
        goal = "" if row["target"] is None else f" (target {row['target']}: {'holds' if row['holds'] else 'missed'})"
        print(f"{row['name']}: {row['value']:.3f}{goal}")
    if options.docs:
        put_into("docs/results/privacy.md", "frontier", [*markdown(found, SHOWN, "release"), "", made_by()])
    if options.figure:
        draw(found, options.figure)
    partial.unlink()
    finish(found, options.json, raw=rows)


if __name__ == "__main__":
    main()
