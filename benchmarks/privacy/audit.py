"""How long an audit takes, and what each of its attacks finds: an additive teacher with exact evidence, or a forest with bins.

`python benchmarks/privacy/audit.py --json audit.json` audits all 9,019 labelled molecules of the embedded set, half of them members, with
30,000 transfer molecules; `--molecules 3200 --transfer 3000 --asked` a company of 1,600 whose teacher is asked, and `--teacher forest
--shadows 8` one that grows a forest, beside shadow forests.
"""

import sys
import tempfile
import time
from argparse import Namespace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))
from common import ROOT, Row, arguments, finish

from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import read_json
from fluid.data.intake_spec import IntakeSpec
from fluid.federation.consortium import annotate, audit, train_teacher
from fluid.federation.requests import AnnotateRequest, AuditRequest, TeacherRequest
from fluid.federation.stages.audit import FACTS
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.predictor import ForestSpec, ModelSpec
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore

EMBEDDED = ROOT / "fluid" / "data" / "embedded"
LABELLED = ("pool", "validation")
INTAKE = IntakeSpec(endpoints=("blocker",), workers=0)
MOST_S, QUICK = 300, 1000
KINDS: dict[str, tuple[ModelSpec, AnnotationSpec]] = {
    "additive": (AdditiveSpec(), AnnotationSpec(domain="evidence", mc_samples=0)),
    "forest": (ForestSpec(), AnnotationSpec(mc_samples=0)),
}


def write_files(folder: Path, molecules: int, transfer: int) -> None:
    """Write members, held-out molecules and transfer molecules, drawn at random."""
    labelled = pd.concat([pd.read_parquet(EMBEDDED / f"{name}.parquet", columns=["smiles", "blocker"]) for name in LABELLED])
    labelled = labelled.drop_duplicates("smiles")
    rows = np.random.default_rng(0).permutation(len(labelled))[:molecules]
    labelled.iloc[rows[: len(rows) // 2]].to_csv(folder / "own.csv", index=False)
    labelled.iloc[rows[len(rows) // 2 :]].to_csv(folder / "held_out.csv", index=False)
    public = pd.read_parquet(EMBEDDED / "transfer.parquet", columns=["smiles"])
    public.iloc[np.random.default_rng(1).permutation(len(public))[:transfer]].to_csv(folder / "transfer.csv", index=False)


def run(folder: Path, given: Namespace) -> list[Row]:
    """Make a release, audit it, and return a row for the time and one per attack."""
    write_files(folder, given.molecules, given.transfer)
    runner, (spec, annotation) = Runner(ArtifactStore(folder / "store"), progress=SilentProgress()), KINDS[given.teacher]
    own, transfer = str(folder / "own.csv"), str(folder / "transfer.csv")
    train_teacher(TeacherRequest(own, "Acme", folder / "teacher", spec, INTAKE, annotation=annotation), runner)
    annotate(AnnotateRequest(folder / "teacher", transfer, folder / "set", INTAKE, annotation), runner)
    asked = str(folder / "teacher") if given.asked else ""
    request = AuditRequest(
        folder / "set", own, folder / "audit", str(folder / "held_out.csv"), transfer, asked, shadows=given.shadows, intake=INTAKE
    )
    began, used = time.perf_counter(), time.process_time()
    found = read_json(audit(request, runner) / FACTS)["audit"]
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    about = f"{found['members']} members, {found['non_members']} others, {given.transfer} transfer molecules, {given.teacher}"
    rows: list[Row] = [
        {"name": "seconds of the processor", "value": cpu, "target": MOST_S, "holds": cpu < MOST_S, "of": about, "wall_s": seconds}
    ]
    for one in found["findings"]:
        figures = {name: one[name] for name in ("auc", "tpr_1", "tpr_01", "baseline")}
        rows.append({"name": one["attack"], "value": one["auc"]["value"], "target": None, "holds": True, "of": about, **figures})
        print(f"{one['attack']:<24}{one['auc']['value']:.3f}  {one['tpr_01']['value']:.2%}")
    missed = [one["name"] for one in found["planted"] if not one["found_by"]]
    print(f"{about}: {seconds:.0f} s, {cpu:.0f} s of the processor; planted {len(found['planted'])}, missed {missed or 'none'}")
    planted = {"name": "planted leaks missed", "value": len(missed), "target": 0, "holds": not missed, "missed": missed}
    return [*rows, {**planted, "of": about, "planted": len(found["planted"])}]


def main() -> None:
    """Run the benchmark."""
    parser = arguments("How long does an audit take?")
    parser.add_argument("--quick", action="store_true", help="the same rows with 1,000 molecules and 1,000 transfer molecules at most")
    parser.add_argument("--molecules", type=int, default=10_000, help="members and held-out molecules together, at most")
    parser.add_argument("--transfer", type=int, default=30_000)
    parser.add_argument("--teacher", choices=KINDS, default="additive")
    parser.add_argument("--asked", action="store_true", help="the attacker asks the teacher about the molecules themselves")
    parser.add_argument("--shadows", type=int, default=0)
    given = parser.parse_args()
    if given.quick:
        given.molecules, given.transfer = min(given.molecules, QUICK), min(given.transfer, QUICK)
    with tempfile.TemporaryDirectory() as folder:
        finish(run(Path(folder), given), given.json)


if __name__ == "__main__":
    main()
