"""A network and an additive model learn the same molecules, hold out the same, and are calibrated together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit, logit

from fluid.data.endpoints import Endpoint
from fluid.distillation import LossSpec
from fluid.errors import ConfigError, QuorumError
from fluid.evaluation.metrics import auroc
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.joint import JointEnsemble
from fluid.models.prediction import PLANES
from fluid.models.predictor import NetworkSpec
from fluid.models.wide_deep import WideDeepPredictor
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.training.calibration import fit_temperature
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.kinds import additive
from fluid.training.kinds.kind import Fitting, architecture, check_bounds, kind_of
from fluid.training.kinds.wide_deep import distil, fit
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import held_out_rows, own_rows
from tests.training.conftest import ENDPOINTS, Task

SPEC = WideDeepSpec(NetworkSpec(hidden=16, layers=2), AdditiveSpec(n_bits=256, strengths=(0.1, 1.0)), combine="mean")
CONFIG = TrainingConfig(epochs=3, batch_size=32, learning_rate=5e-3, validation_share=0.25)
FITTING = Fitting("T1", CONFIG, TrainerSpec(threads=1), 0)
BOTH = (*ENDPOINTS, Endpoint("size", "regression"))


@pytest.fixture(scope="module")
def teacher(task: Task) -> WideDeepPredictor:
    """Return a teacher of classes."""
    made = fit(FITTING, SPEC, Measured(task.molecules, task.labels, ENDPOINTS)).predictor
    assert isinstance(made, WideDeepPredictor)
    return made


def sizes(task: Task) -> np.ndarray:
    """Return a class and a value `(M, 2)`, of which different molecules lack one or the other."""
    both = np.array([[label, sum(map(str.isalpha, text))] for label, text in zip(task.labels[:, 0], task.molecules.smiles, strict=True)])
    both[::5, 0], both[1::7, 1] = np.nan, np.nan
    return both.astype(np.float32)


@pytest.mark.parametrize(("combine", "alone"), [("mean", SPEC.network), ("fingerprint_mean", replace(SPEC, combine="fingerprint"))])
def test_each_part_is_what_it_is_alone(task: Task, combine: str, alone: NetworkSpec | WideDeepSpec) -> None:
    measured, spec = Measured(task.molecules, task.labels, ENDPOINTS), replace(SPEC, combine=combine, share=0.4)
    deep, wide = kind_of(alone).fit(FITTING, alone, measured), additive.fit(FITTING, SPEC.additive, measured)
    made = fit(FITTING, spec, measured)
    model = made.predictor
    assert isinstance(model, WideDeepPredictor)
    for part, other in ((model.network, deep), (model.additive, wide)):
        for plane in PLANES:
            np.testing.assert_array_equal(
                getattr(part.predict(task.molecules), plane), getattr(other.predictor.predict(task.molecules), plane)
            )
    assert (model.spec, made.curve) == (spec, deep.curve)
    assert deep.curve


def test_both_networks_are_those_that_learn_alone_and_keep_their_own_checkpoints(task: Task, tmp_path: Path) -> None:
    measured, spec = Measured(task.molecules, task.labels, ENDPOINTS), replace(SPEC, combine="both_networks", share=0.6)
    runs: list[str] = []
    fitting = replace(FITTING, scratch=tmp_path / "scratch", logger=runs.append)
    made = fit(fitting, spec, measured)
    model = made.predictor
    assert isinstance(model, WideDeepPredictor)
    assert isinstance(model.additive, WideDeepPredictor)
    assert (model.spec, runs) == (spec, ["T1", "T1-counts"])
    parts = (model.network, SPEC.network), (model.additive, replace(SPEC, combine="fingerprint_mean", share=0.3 / 0.7))
    curves: list[CurvePoint] = []
    for part, alone in parts:
        other = kind_of(alone).fit(FITTING, alone, measured)
        np.testing.assert_array_equal(part.predict(task.molecules).mean, other.predictor.predict(task.molecules).mean)
        curves += other.curve
    assert list(made.curve) == curves
    _, held_out = own_rows(FITTING, task.labels, task.molecules.skeletons)
    odds = [logit(part.predict(task.molecules.take(held_out)).mean[:, 0].astype(float)) for part, _ in parts]
    expected = fit_temperature(0.3 * odds[0] + 0.7 * odds[1], task.labels[held_out, 0])
    assert model.temperature[0] == pytest.approx(expected, rel=1e-4)


def test_it_learns_the_rule_and_is_calibrated_on_molecules_held_out(task: Task, teacher: WideDeepPredictor) -> None:
    answers = teacher.predict(task.molecules).mean[:, 0]
    assert auroc(answers, task.labels[:, 0]) > 0.95
    _, held_out = own_rows(FITTING, task.labels, task.molecules.skeletons)
    asked = task.molecules.take(held_out)
    odds = [logit(part.predict(asked).mean[:, 0].astype(float)) for part in (teacher.network, teacher.additive)]
    expected = fit_temperature((odds[0] + odds[1]) / 2, task.labels[held_out, 0])
    assert teacher.temperature[0] == pytest.approx(expected, rel=1e-4)
    assert teacher.temperature[0] != 1
    np.testing.assert_allclose(answers[held_out], expit((odds[0] + odds[1]) / 2 / expected), rtol=1e-4, atol=2e-6)


def test_without_molecules_held_out_it_is_not_calibrated(task: Task) -> None:
    fitting = replace(FITTING, config=replace(CONFIG, validation_share=0.0, epochs=1))
    made = fit(fitting, SPEC, Measured(task.molecules.take(np.arange(40)), task.labels[:40], ENDPOINTS)).predictor
    assert made.temperature[0] == 1  # type: ignore[attr-defined]


def test_several_endpoints_with_missing_labels(task: Task) -> None:
    labels = sizes(task)
    made = fit(FITTING, SPEC, Measured(task.molecules, labels, BOTH)).predictor
    assert isinstance(made, WideDeepPredictor)
    answers, known = made.predict(task.molecules), np.isfinite(labels)
    assert auroc(answers.mean[known[:, 0], 0], labels[known[:, 0], 0]) > 0.85
    assert np.corrcoef(answers.mean[known[:, 1], 1], labels[known[:, 1], 1])[0, 1] > 0.9
    assert made.temperature[1] == 1
    assert all(np.isfinite(getattr(answers, plane)).all() for plane in PLANES)
    labels[:, 1] = np.nan
    with pytest.raises(QuorumError, match="'size' has no label to learn from"):
        fit(FITTING, SPEC, Measured(task.molecules, labels, BOTH))


@pytest.mark.parametrize("combine", ["mean", "fingerprint_mean", "both_networks"])
def test_a_student_learns_what_counts_and_is_calibrated_on_it(task: Task, teacher: WideDeepPredictor, combine: str) -> None:
    probs = teacher.predict(task.molecules).mean
    weight = np.ones_like(probs)
    weight[::3] = 0
    lesson = Lesson(task.molecules, np.where(weight > 0, probs, 1 - probs), weight, weight, None, ENDPOINTS)
    student = distil(FITTING, replace(SPEC, combine=combine), lesson).predictor
    assert isinstance(student, WideDeepPredictor)
    assert student.spec.combine == combine
    said = student.predict(task.molecules).mean[:, 0]
    assert np.corrcoef(said, probs[:, 0])[0, 1] > 0.8
    _, held_out = held_out_rows(FITTING, task.molecules)
    kept = held_out[weight[held_out, 0] > 0]
    assert 0 < len(kept) < len(held_out)
    odds = [logit(part.predict(task.molecules.take(kept)).mean[:, 0].astype(float)) for part in (student.network, student.additive)]
    mean = student.share * odds[0] + (1 - student.share) * odds[1]
    assert student.temperature[0] == pytest.approx(fit_temperature(mean, probs[kept, 0]), rel=1e-4)


def test_a_correction_that_one_part_cannot_make_is_refused(task: Task) -> None:
    for combine, loss in (("mean", LossSpec(confusion="auto")), ("fingerprint_mean", LossSpec(confusion=((0.9, 0.1), (0.2, 0.8))))):
        fitting, ones = replace(FITTING, config=replace(CONFIG, loss=loss)), np.ones_like(task.labels)
        with pytest.raises(ConfigError, match=r"a model of kind 'wide_deep' cannot correct for loss\.confusion"):
            distil(fitting, replace(SPEC, combine=combine), Lesson(task.molecules, task.labels, ones, ones, None, ENDPOINTS))


def test_what_its_kind_says_of_it(task: Task) -> None:
    kind, evidential = kind_of(SPEC), replace(SPEC, network=NetworkSpec(head="evidential"))
    assert not kind.has_weights
    assert architecture(SPEC) is None
    assert kind.decides(SPEC, CONFIG) == {"config": CONFIG}
    assert (kind.own_loss(SPEC), kind.own_loss(evidential)) == (False, True)
    assert kind.modules(SPEC) == ()
    with pytest.raises(ConfigError, match="a model of kind 'wide_deep' cannot learn bounds, and 260 labels are"):
        check_bounds(SPEC, np.ones_like(task.labels, dtype=np.int8), "T1")


@pytest.mark.parametrize("combine", ["joint", "fingerprint"])
def test_one_module_learns_the_rule_and_values_and_is_calibrated(task: Task, combine: str) -> None:
    labels, spec = sizes(task), replace(SPEC, combine=combine)
    fitting = replace(FITTING, config=replace(CONFIG, members=2, epochs=12), mc_samples=2)
    made = fit(fitting, spec, Measured(task.molecules, labels, BOTH))
    model, answers, known = made.predictor, made.predictor.predict(task.molecules), np.isfinite(labels)
    assert isinstance(model, JointEnsemble)
    assert (model.spec, len(model.members), model.mc_samples) == (spec, 2, 2)
    assert auroc(answers.mean[known[:, 0], 0], labels[known[:, 0], 0]) > 0.85
    assert np.corrcoef(answers.mean[known[:, 1], 1], labels[known[:, 1], 1])[0, 1] > 0.9
    assert model.temperature[0] != 1
    assert {point.split for point in made.curve} == {"train", "validation"}
    assert all(np.isfinite(getattr(answers, plane)).all() and (getattr(answers, plane) >= 0).all() for plane in PLANES)


def test_trained_together_the_additive_part_is_penalised_as_strongly_as_asked(task: Task) -> None:
    """With a strong penalty it says nothing."""
    sizes_of = {}
    for strengths in ((1e-4,), (10.0,)):
        spec = replace(SPEC, additive=replace(SPEC.additive, strengths=strengths), combine="joint")
        made = fit(FITTING, spec, Measured(task.molecules, task.labels, ENDPOINTS)).predictor
        assert isinstance(made, JointEnsemble)
        assert made.members[0].labels == len(own_rows(FITTING, task.labels, task.molecules.skeletons)[0])
        sizes_of[strengths] = float(made.members[0].table.weight.detach().abs().mean())
    assert sizes_of[(1e-4,)] < sizes_of[(10.0,)] / 5


@pytest.mark.parametrize("combine", ["joint", "fingerprint"])
def test_a_student_of_one_module_learns_soft_labels(task: Task, teacher: WideDeepPredictor, combine: str) -> None:
    probs = teacher.predict(task.molecules).mean
    ones = np.ones_like(probs)
    fitting = replace(FITTING, config=replace(CONFIG, epochs=12))
    student = distil(fitting, replace(SPEC, combine=combine), Lesson(task.molecules, probs, ones, ones, None, ENDPOINTS)).predictor
    assert isinstance(student, JointEnsemble)
    assert np.corrcoef(student.predict(task.molecules).mean[:, 0], probs[:, 0])[0, 1] > 0.8
