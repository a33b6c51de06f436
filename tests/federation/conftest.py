"""One small federation, run once, that many tests look at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact
from fluid.companies.spec import CompanySpec
from fluid.data.data_spec import DataSpec
from fluid.data.dataset import Dataset
from fluid.data.intake_spec import IntakeSpec
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.evaluation.spec import EvaluationSpec
from fluid.federation.consensus_table import read_consensus
from fluid.federation.simulation import Federation, simulate
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.student import student_stage
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage
from fluid.pipeline.store import ArtifactStore
from fluid.training.config import TrainerSpec, Training, TrainingConfig
from tests.conftest import Files

TINY = TrainingConfig(epochs=2, batch_size=32, learning_rate=5e-3, balance=True)


@dataclass(frozen=True)
class Finished:
    """A finished federation with what it was asked and where its stages lie."""

    spec: FederationSpec
    runner: Runner
    federation: Federation


@pytest.fixture(scope="session")
def spec(files: Files) -> FederationSpec:
    """Return a federation of three companies with networks of a few hundred weights."""
    return FederationSpec(
        data=DataSpec(str(files.pool), str(files.transfer), "", str(files.test), str(files.external), validation_share=0.15),
        intake=IntakeSpec(endpoints=("active",), quorum=5, workers=0),
        companies=CompanySpec(method="size", n=3, size_exponent=0.3, min_size=20, min_per_class=5),
        model=NetworkSpec(hidden=16, layers=2),
        student_model=NetworkSpec(hidden=16, layers=2),
        training=Training(TINY, TINY, TINY, TINY),
        trainer=TrainerSpec(threads=1, progress=False),
        annotation=AnnotationSpec(chunk=64, mc_samples=2),
        consensus=ConsensusSpec("similarity", {"power": 2.0}),
        selection=SelectionSpec("all", 1000, confidence_power=1.0),
        evaluation=EvaluationSpec(n_bootstrap=10),
    )


@pytest.fixture(scope="session")
def finished(spec: FederationSpec, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Run the federation once."""
    runner = Runner(ArtifactStore(tmp_path_factory.mktemp("store")))
    return Finished(spec, runner, simulate(spec, runner))


@pytest.fixture
def rerun(finished: Finished) -> Callable[..., Finished]:
    """Return a function that runs the federation again over the same store, with other settings."""

    def run(**changes: object) -> Finished:
        spec, runner = replace(finished.spec, **changes), Runner(ArtifactStore(finished.runner.store.root))  # type: ignore[arg-type]
        return Finished(spec, runner, simulate(spec, runner))

    return run


@pytest.fixture
def fresh_store(tmp_path: Path) -> ArtifactStore:
    """Return an empty store."""
    return ArtifactStore(tmp_path / "store")


def read_sets(annotations: Mapping[str, Artifact], transfer: Dataset) -> list[AnnotationSet]:
    """Read the annotation sets of some teachers."""
    return [read_annotation_set(one.folder / "annotation_set", transfer.transfer_digest, len(transfer)) for one in annotations.values()]


def student_of(consensus: Artifact, transfer: Dataset, spec: FederationSpec, annotations: Mapping[str, Artifact] | None = None) -> Stage:
    """Describe the student of a consensus; one of heads reads the annotations behind it."""
    sets = read_sets(annotations or {}, transfer)
    return student_stage(read_consensus(consensus, transfer.transfer_digest), transfer, spec.student_settings, sets=sets)
