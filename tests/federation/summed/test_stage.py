"""A whole federation whose student is made of sums over companies."""

from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.data.endpoints import Endpoint
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ConfigError, QuorumError
from fluid.federation.consensus_table import read_consensus
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import read_model
from fluid.federation.model_nodes import CONSENSUS, STUDENT
from fluid.federation.simulation import simulate
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.summed.settings import SummedSettings
from fluid.federation.summed.stage import COUNTS, SUMS, public_side, summed_stage
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.store import ArtifactStore
from fluid.privacy.certificate import FILE, digest_of, read_certificate
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.privacy.sum_plan import noise_for, opened_deviation
from fluid.training.summed.descent import descend
from fluid.training.summed.spec import SummedSpec
from tests.federation.conftest import Finished, student_of

SUMMED = SummedSpec(rounds=4, directions=10)
CHANGES: dict[str, Any] = {
    "model": AdditiveSpec(n_bits=64, strengths=(1.0,)),
    "annotation": AnnotationSpec(chunk=64, mc_samples=2, evidence=ReleaseSpec(n_bits=64)),
    "consensus": ConsensusSpec("mean"),
    "distillation": StudentSpec("summed_gradients", summed=SUMMED),
    "hybrid": HybridSpec("gate"),
    "privacy": PrivacySpec(epsilon=8.0),
}


@pytest.fixture(scope="module")
def run(finished: Finished) -> Finished:
    """Run it once, over the store of the common federation."""
    spec, runner = replace(finished.spec, **CHANGES), Runner(ArtifactStore(finished.runner.store.root))
    return Finished(spec, runner, simulate(spec, runner))


def settings_of(run: Finished, **changes: Any) -> SummedSettings:
    return replace(run.spec.summed_settings, **changes)


def stage_of(run: Finished, **changes: Any) -> Any:
    return summed_stage(run.federation.companies, run.federation.data.transfer, settings_of(run, **changes))


def test_the_student_alone_annotates_and_everything_follows(run: Finished) -> None:
    """Evaluation and hybrids are made as of any student; the consensus is what it says."""
    federation = run.federation
    assert set(federation.annotations) == {"student"}
    assert {"student", "H1", "H2", "H3", "T1", "consensus"} <= set(federation.evaluated)
    said = read_annotation_set(federation.annotations["student"] / "annotation_set")
    assert said.evidence is None
    consensus = read_consensus(federation.consensus)
    assert consensus.soft_label == pytest.approx(said.prediction, abs=1e-6)
    assert isinstance(read_model(federation.models["student"]).predictor, AdditivePredictor)


def test_nothing_of_a_teacher_reaches_what_everybody_gets(run: Finished) -> None:
    """The one way from the companies' molecules to consensus and student is the stage of the rounds."""
    graph = federation_graph(run.spec, run.runner)
    ways = [name for name in graph.closure([CONSENSUS]) if "companies" in graph.nodes[name].needs]
    assert ways == [STUDENT]
    assert not {"T1", "T2", "T3"} & set(graph.closure([CONSENSUS]))


def test_the_student_follows_from_what_was_opened_and_from_public_molecules(run: Finished) -> None:
    """Byte for byte, without any company."""
    student = read_model(run.federation.models["student"])
    counts, sums = (np.load(student.artifact / name, allow_pickle=False) for name in (COUNTS, SUMS))
    public, curvature = public_side(run.federation.data.transfer, run.spec.summed_settings)
    deviation = opened_deviation(noise_for(8.0, 1e-5, 1), SUMMED.rounds, 3, 1)
    weights = descend(lambda number, _: np.asarray(sums[number - 1]), curvature, np.maximum(counts, 1), SUMMED, deviation)
    own, bias = public.in_units_of_features(weights)
    assert isinstance(student.predictor, AdditivePredictor)
    assert student.predictor.weights.tobytes() == own.astype(np.float32).tobytes()
    assert student.predictor.bias.tobytes() == bias.astype(np.float32).tobytes()


def test_the_certificate_says_what_is_promised(run: Finished) -> None:
    student = run.federation.models["student"]
    found = read_certificate(student / FILE)
    assert 7.95 < found["this_release"]["epsilon"] <= 8.0
    assert found["company"] == "each of T1, T2, T3"
    assert not found["holds"]  # noise of a seed
    assert found["release"] == digest_of(*(np.load(student / name, allow_pickle=False) for name in (COUNTS, SUMS)))
    assert not (run.federation.annotations["student"] / "annotation_set" / FILE).exists()


def test_without_an_epsilon_nothing_is_promised(run: Finished, fresh_store: ArtifactStore) -> None:
    made = Runner(fresh_store).make(stage_of(run, privacy=PrivacySpec()))
    assert not (made / FILE).exists()
    counts = np.load(made / COUNTS, allow_pickle=False)
    assert counts.tolist() == [sum(len(part) for part in run.federation.companies.values())]


def test_whatever_decides_the_result_is_in_its_key(run: Finished) -> None:
    stage = stage_of(run)
    assert stage.key() == stage_of(run).key()
    changed: list[dict[str, Any]] = [
        {"seed": 1}, {"quorum": 6}, {"is_release": True}, {"privacy": PrivacySpec(epsilon=3.0)}, {"privacy": PrivacySpec()},
        {"summed": replace(SUMMED, colluding=2)}, {"dictionary": ReleaseSpec(n_bits=32).dictionary},
        {"annotation": AnnotationSpec(k=5)},
    ]  # fmt: skip
    keys = {stage.key(), *(stage_of(run, **one).key() for one in changed)}
    assert len(keys) == len(changed) + 1
    fewer = {name: part for name, part in run.federation.companies.items() if name != "T3"}
    assert summed_stage(fewer, run.federation.data.transfer, run.spec.summed_settings).key() not in keys


def test_one_molecule_less_is_another_student_within_the_noise(run: Finished, fresh_store: ArtifactStore) -> None:
    """Without noise, so that it is seen: no sum moves by more than 1, as the proof says."""
    parts = dict(run.federation.companies)
    asked = partial(summed_stage, transfer=run.federation.data.transfer, settings=settings_of(run, privacy=PrivacySpec()))
    whole = Runner(fresh_store).make(asked(parts))
    fewer = Runner(fresh_store).make(asked(parts | {"T2": parts["T2"].take(np.arange(1, len(parts["T2"])))}))
    first, second = (np.load(one / SUMS, allow_pickle=False)[0] for one in (whole, fewer))
    assert 0.1 < np.linalg.norm(first - second) <= 1
    assert np.load(whole / COUNTS) - np.load(fewer / COUNTS) == 1


def test_a_company_with_too_few_labels_is_refused(run: Finished, fresh_store: ArtifactStore) -> None:
    with pytest.raises(QuorumError, match="T"):
        Runner(fresh_store).make(stage_of(run, quorum=10_000))


def test_a_value_is_refused(run: Finished) -> None:
    values: Any = SimpleNamespace(endpoints=(Endpoint("active", "regression"),))
    with pytest.raises(ConfigError, match="summed gradients know classes only, and 'active' is a value"):
        summed_stage({"T1": values, "T2": values}, run.federation.data.transfer, run.spec.summed_settings)


def test_one_company_alone_cannot_add_up(run: Finished) -> None:
    with pytest.raises(ConfigError, match="colluding is 1, and 1 companies add up"):
        summed_stage({"T1": run.federation.companies["T1"]}, run.federation.data.transfer, run.spec.summed_settings)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"consensus": ConsensusSpec("evidence")}, "no teacher annotates, and .*consensus=evidence.*annotation.domain=bins"),
    ({"annotation": AnnotationSpec(domain="distances")}, "no teacher annotates, and annotation.domain=distances"),
    ({"hybrid": HybridSpec("fine_tune")}, "hybrid.mode is 'fine_tune', and the student is of kind 'additive'"),
    ({"hybrid": HybridSpec("own_expert")}, "hybrid=own_expert needs a student of experts"),
]


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_what_does_not_fit_is_refused_before_any_work(run: Finished, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        replace(run.spec, **changes)


@pytest.mark.parametrize("changes", [{"labels": "hard"}, {"sharpen": 2.0}])
def test_settings_of_soft_labels_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="distillation=summed_gradients learns what was measured"):
        StudentSpec("summed_gradients", **changes)


def test_a_consensus_alone_makes_no_such_student(run: Finished, fresh_store: ArtifactStore) -> None:
    stage = student_of(run.federation.consensus, run.federation.data.transfer, run.spec)
    with pytest.raises(ConfigError, match="no student of a consensus: companies make it together, in rounds"):
        Runner(fresh_store).make(stage)
