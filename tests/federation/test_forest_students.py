"""Forests as students and hybrids, through the stages that networks use."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from fluid.data.endpoints import Endpoint
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.federation.baselines.spec import BaselinesSpec, DSFLSpec
from fluid.federation.consensus_table import read_consensus
from fluid.federation.model_folder import read_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.stages.undersample import undersample
from fluid.models.blend import Blend
from fluid.models.forest import ForestPredictor, descriptors
from fluid.models.predictor import ForestSpec, Predictor
from fluid.seeding import derive_seed
from tests.federation.conftest import Finished

FOREST = ForestSpec(n_trees=12, max_depth=8, features=True, counts=False)
PAPER = {
    "model": FOREST,
    "student_model": FOREST,
    "distillation": StudentSpec(labels="hard"),
    "selection": SelectionSpec("balanced", 60, confidence_power=0.0),
    "hybrid": HybridSpec("concatenate", labels="hard", undersample=True),
}


def predictor(run: Finished, name: str) -> Predictor:
    return read_model(run.federation.models[name]).predictor


@pytest.fixture
def paper(rerun: Callable[..., Finished]) -> Finished:
    return rerun(**PAPER)


def test_a_hard_student_is_scikit_learns_forest_on_the_consensus_class(paper: Finished) -> None:
    student = predictor(paper, "student")
    assert isinstance(student, ForestPredictor)
    assert student.spec == FOREST
    rows = np.load(paper.federation.models["student"] / "rows.npy")
    hard = (read_consensus(paper.federation.consensus).soft_label[rows, 0] >= 0.5).astype(float)
    assert hard.sum() * 2 == len(hard) <= 60
    smiles = paper.federation.data.transfer.molecules.take(rows).smiles
    theirs = RandomForestClassifier(12, max_depth=8, class_weight="balanced", random_state=derive_seed(0, "student") % 2**32).fit(
        descriptors(smiles, FOREST), hard
    )
    test = paper.federation.data.tests["in-domain"].molecules
    np.testing.assert_allclose(student.predict(test).mean[:, 0], theirs.predict_proba(descriptors(test.smiles, FOREST))[:, 1], atol=1e-6)


def test_hybrids_are_forests_on_both(paper: Finished) -> None:
    test = paper.federation.data.tests["in-domain"].molecules
    said = {name: predictor(paper, name).predict(test).mean for name in ("student", "T1", "H1", "H2")}
    assert isinstance(predictor(paper, "H1"), ForestPredictor)
    assert len({plane.tobytes() for plane in said.values()}) == 4


def test_soft_labels_and_hard_ones_are_different_lessons(paper: Finished, rerun: Callable[..., Finished]) -> None:
    soft = rerun(**{**PAPER, "distillation": StudentSpec()})
    assert {record.stage for record in soft.runner.records if not record.reused} <= {"student", "hybrid", "evaluate"}
    assert soft.federation.models["student"].digest != paper.federation.models["student"].digest


def test_a_gate_of_forests(rerun: Callable[..., Finished]) -> None:
    run = rerun(**{**PAPER, "hybrid": HybridSpec("gate")})
    hybrid = predictor(run, "H1")
    assert isinstance(hybrid, Blend)
    assert isinstance(hybrid.general, ForestPredictor)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hybrid": HybridSpec("fine_tune")}, "no weights to go on from.*hybrid=concatenate or hybrid=gate"),
        ({"distillation": StudentSpec("blend")}, "distillation=blend trains a network, and the student is of kind 'forest'"),
        ({"distillation": StudentSpec("heads")}, "distillation=heads trains a network, and the student is of kind 'forest'"),
        ({"baselines": BaselinesSpec(dsfl=DSFLSpec())}, "baselines dsfl trains a network"),
    ],
)
def test_what_a_forest_cannot_do(spec: FederationSpec, changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(spec, **{**PAPER, **changes})


def test_undersampling_leaves_as_many_of_each_class() -> None:
    endpoints = (Endpoint.parse("size [u]"), Endpoint.parse("active"))
    draw = np.random.default_rng(0)
    own, public = (np.stack([draw.normal(size=n), draw.random(n) < share], axis=1) for n, share in ((40, 0.2), (60, 0.4)))
    own[3, 1] = np.nan
    kept_own, kept_public = undersample(own, public, endpoints, np.random.default_rng(1))
    label = np.concatenate([own[kept_own, 1], public[kept_public, 1]])
    smaller = int(np.nansum(own[:, 1]) + public[:, 1].sum())
    assert (np.nansum(label), np.isnan(label).sum(), len(label)) == (smaller, 1, 2 * smaller + 1)
    assert 3 in kept_own
    nothing = undersample(own[:, :1], public[:, :1], endpoints[:1], np.random.default_rng(1))
    assert [len(rows) for rows in nothing] == [40, 60]


def test_kinds_of_labels() -> None:
    with pytest.raises(ConfigError, match=r"distillation\.labels is 'firm'; expected soft or hard"):
        StudentSpec(labels="firm")
    with pytest.raises(ConfigError, match=r"hybrid\.labels is 'firm'; expected soft or hard"):
        HybridSpec(labels="firm")
