"""What lies behind the boundary works where companies and the readers of private files cannot even be imported."""

import json
import shutil
import subprocess
import sys

import pytest

from tests.federation.conftest import Finished

BLOCKED = (
    "fluid.companies",
    "fluid.data.intake",
    "fluid.data.incoming",
    "fluid.data.incoming_shards",
    "fluid.data.labels",
    "fluid.data.merging",
    "fluid.data.excel",
    "fluid.data.readers",
    "fluid.data.sdf",
    "fluid.data.smiles_file",
    "fluid.federation.company",
    "fluid.federation.consortium_data",
    "fluid.federation.data_nodes",
    "fluid.federation.stages.hybrid",
    "fluid.federation.stages.intake",
    "fluid.federation.stages.split",
    "fluid.federation.summed.contributor",
    "fluid.federation.summed.stage",
)
BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if any(name == one or name.startswith(one + ".") for one in {blocked!r}):
            raise ImportError(f"{{name}} is blocked")
        return None

sys.meta_path.insert(0, Blocker())
"""
STUDENT_SIDE = """
import json, sys
from pathlib import Path
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import open_artifact
from fluid.data.dataset import read_dataset
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.federation.consensus_table import read_consensus
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.student_settings import StudentSettings
from fluid.federation.stages.student import student_stage
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.training.config import TrainerSpec, TrainingConfig

if __name__ == "__main__":
    sets, transfer, store = json.loads(sys.argv[1])
    annotation = AnnotationSpec(chunk=64, mc_samples=2)
    runner, public = Runner(ArtifactStore(Path(store))), read_dataset(open_artifact(Path(transfer)))
    said = [read_annotation_set(Path(one)) for one in sets]
    consensus = runner.make(consensus_stage(said, ConsensusSpec("similarity", {"power": 2.0}), annotation.edges))
    config = TrainingConfig(epochs=2, batch_size=32, learning_rate=5e-3, balance=True)
    selection = SelectionSpec("all", 1000, confidence_power=1.0)
    model, trainer = NetworkSpec(hidden=16, layers=2), TrainerSpec(threads=1, progress=False)
    settings = StudentSettings(StudentSpec(), model, config, trainer, selection, annotation, 0)
    student = runner.make(student_stage(read_consensus(consensus, public.transfer_digest), public, settings))
    modules = sorted(name for name in sys.modules if name.startswith("fluid."))
    print(json.dumps({"consensus": consensus.digest, "student": student.digest, "modules": modules}))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=250, check=False)


@pytest.fixture(scope="module")
def student_side(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Run consensus and student in a process that cannot import what is private, on copies of what may be public."""
    folder = tmp_path_factory.mktemp("public")
    sets = [str(shutil.copytree(one / "annotation_set", folder / name)) for name, one in finished.federation.annotations.items()]
    transfer = shutil.copytree(finished.federation.data.intakes["transfer"].folder, folder / "transfer")
    code = BLOCKER.format(blocked=BLOCKED) + STUDENT_SIDE
    ended = run(code, json.dumps([sets, str(transfer), str(folder / "store")]))
    assert ended.returncode == 0, ended.stderr
    told: dict[str, object] = json.loads(ended.stdout.splitlines()[-1])
    return told


def test_the_student_side_needs_nothing_private(student_side: dict[str, object], finished: Finished) -> None:
    """The consensus is that of the whole run, byte for byte; so is the student, which is trained on the same molecules."""
    assert student_side["consensus"] == finished.federation.consensus.digest
    kept = json.loads((finished.federation.data.intakes["transfer"] / "counts.json").read_text())["kept"]
    assert len(finished.federation.data.transfer) == kept  # nothing of it had to give way
    assert student_side["student"] == finished.federation.models["student"].digest


def test_nothing_private_was_imported(student_side: dict[str, object]) -> None:
    modules = student_side["modules"]
    assert isinstance(modules, list)
    assert "fluid.federation.stages.student" in modules
    assert [name for name in modules if any(name == one or name.startswith(f"{one}.") for one in BLOCKED)] == []


@pytest.mark.parametrize("module", ["fluid.companies.split", "fluid.data.intake", "fluid.federation.simulation"])
def test_the_blocker_blocks(module: str) -> None:
    """Otherwise the test above would prove nothing."""
    ended = run(BLOCKER.format(blocked=BLOCKED) + f"import {module}")
    assert ended.returncode != 0
    assert "is blocked" in ended.stderr
