"""Additive models learn: from measured and soft labels, as strongly penalised as held-out molecules ask for."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, QuorumError
from fluid.evaluation.metrics import auroc
from fluid.models.additive import ARRAYS, AdditivePredictor
from fluid.models.additive_solve import solve_classes
from fluid.models.additive_spec import AdditiveSpec
from fluid.training.calibration import fit_temperature, nll
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.kinds.additive import distil, fit
from fluid.training.kinds.kind import Fitting
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import own_rows
from tests.training.conftest import ENDPOINTS, Task

SPEC = AdditiveSpec(n_bits=256)
FITTING = Fitting("T1", TrainingConfig(validation_share=0.25), TrainerSpec(), 0)
VALUE = Endpoint("size", "regression")


def teacher(task: Task, spec: AdditiveSpec = SPEC) -> AdditivePredictor:
    """Return a teacher of classes."""
    made = fit(FITTING, spec, Measured(task.molecules, task.labels, ENDPOINTS)).predictor
    assert isinstance(made, AdditivePredictor)
    return made


def test_it_learns_the_rule(task: Task) -> None:
    assert auroc(teacher(task).predict(task.molecules).mean[:, 0], task.labels[:, 0]) > 0.95


def test_the_strength_is_the_best_on_molecules_held_out(task: Task) -> None:
    features, labels = SPEC.dictionary.features(task.molecules), task.labels[:, 0].astype(float)
    rows, held_out = own_rows(FITTING, task.labels, task.molecules.skeletons)
    solved = [solve_classes(features[rows], labels[rows], np.ones(len(rows)), strength) for strength in SPEC.strengths]
    losses = [nll(features[held_out] @ one.weights + one.bias, labels[held_out], 1.0) for one in solved]
    best = solved[int(np.argmin(losses))]
    np.testing.assert_allclose(teacher(task).weights[0], best.weights, atol=1e-5)
    np.testing.assert_allclose(teacher(task, replace(SPEC, strengths=(0.03,))).weights[0], solved[1].weights, atol=1e-5)


def test_it_is_calibrated_on_molecules_held_out(task: Task) -> None:
    made, (_, held_out) = teacher(task), own_rows(FITTING, task.labels, task.molecules.skeletons)
    logits = made.log_odds(SPEC.dictionary.features(task.molecules.take(held_out)))[:, 0]
    assert made.temperature[0] == pytest.approx(fit_temperature(logits, task.labels[held_out, 0]), rel=1e-3)
    assert made.temperature[0] != 1


def test_values_come_in_their_own_unit(task: Task) -> None:
    sizes = np.array([[sum(map(str.isalpha, text))] for text in task.molecules.smiles], np.float32)
    sizes[::7] = np.nan
    both = np.concatenate([task.labels, sizes], axis=1)
    made = fit(FITTING, SPEC, Measured(task.molecules, both, (*ENDPOINTS, VALUE))).predictor
    scaled = fit(FITTING, SPEC, Measured(task.molecules, np.concatenate([task.labels, 10 * sizes + 500], 1), (*ENDPOINTS, VALUE))).predictor
    said, shifted = made.predict(task.molecules), scaled.predict(task.molecules)
    known = np.isfinite(sizes[:, 0])
    assert np.corrcoef(said.mean[known, 1], sizes[known, 0])[0, 1] > 0.9
    np.testing.assert_allclose(shifted.mean[:, 1], 10 * said.mean[:, 1] + 500, rtol=1e-3)
    np.testing.assert_allclose(shifted.epistemic[:, 1], 100 * said.epistemic[:, 1], rtol=1e-2)
    np.testing.assert_allclose(shifted.aleatoric[:, 1], 100 * said.aleatoric[:, 1], rtol=1e-2)


def test_a_student_of_an_additive_teacher_is_its_copy(task: Task) -> None:
    """What is additive in substructures travels through molecules that hold them."""
    probs = np.clip(teacher(task, replace(SPEC, strengths=(0.1,))).predict(task.molecules).mean, 1e-6, 1 - 1e-6)
    ones = np.ones_like(probs)
    student = distil(FITTING, replace(SPEC, strengths=(10.0, 1000.0)), Lesson(task.molecules, probs, ones, ones, None, ENDPOINTS)).predictor
    said = student.predict(task.molecules).mean
    assert np.corrcoef(logit(said[:, 0]), logit(probs[:, 0]))[0, 1] > 0.995


def test_molecules_without_weight_do_not_count(task: Task) -> None:
    probs = expit(np.random.default_rng(0).normal(size=task.labels.shape)).astype(np.float32)
    weight = np.ones_like(probs)
    weight[::2] = 0
    lesson = Lesson(task.molecules, probs, weight, weight, None, ENDPOINTS)
    without = lesson._replace(soft_label=np.where(weight == 0, np.float32("nan"), probs), weight=np.ones_like(probs))
    one, other = (distil(FITTING, SPEC, given).predictor for given in (lesson, without))
    np.testing.assert_array_equal(one.predict(task.molecules).mean, other.predict(task.molecules).mean)


def test_an_endpoint_without_labels_is_refused(task: Task) -> None:
    with pytest.raises(QuorumError, match="'active' has no label to learn from"):
        fit(FITTING, SPEC, Measured(task.molecules, np.full_like(task.labels, np.nan), ENDPOINTS))


def test_a_low_rank_posterior_moves_no_answer_and_comes_in_the_endpoints_unit(task: Task) -> None:
    sizes = np.array([[sum(map(str.isalpha, text))] for text in task.molecules.smiles], np.float32)
    both = np.concatenate([task.labels, sizes], axis=1)
    spec, endpoints = replace(SPEC, laplace="low_rank", rank=20), (*ENDPOINTS, VALUE)
    said, shifted, alone = (
        fit(FITTING, asked, Measured(task.molecules, labels, endpoints)).predictor.predict(task.molecules)
        for asked, labels in ((spec, both), (spec, np.concatenate([task.labels, 10 * sizes + 500], 1)), (SPEC, both))
    )
    np.testing.assert_array_equal(said.mean, alone.mean)
    np.testing.assert_allclose(shifted.epistemic[:, 1], 100 * said.epistemic[:, 1], rtol=1e-2)
    assert not np.allclose(said.epistemic, alone.epistemic, rtol=0.1)


def test_with_all_directions_the_doubt_is_that_of_the_exact_posterior(task: Task) -> None:
    made = teacher(task, replace(SPEC, laplace="low_rank", rank=256, strengths=(0.3,)))
    features, (rows, _) = SPEC.dictionary.features(task.molecules), own_rows(FITTING, task.labels, task.molecules.skeletons)
    wide = np.column_stack([features.toarray(), np.ones(len(task.labels))])
    probs = expit(made.log_odds(features[rows])[:, 0])
    precision = np.diag([*np.ones(256), 0.0]) + 0.3 * wide[rows].T @ ((probs * (1 - probs))[:, None] * wide[rows])
    expected = np.einsum("md,de,me->m", wide, np.linalg.inv(precision), wide)
    assert made.low_rank is not None
    np.testing.assert_allclose(made.low_rank.doubt(features, made.variance)[:, 0] + made.bias_variance[0], expected, rtol=1e-3)


PERTURBED = replace(SPEC, solver="perturbed", strengths=(10.0,), noise=0.5, clip=6.0)


def perturbed(task: Task, labels: np.ndarray, fitting: Fitting = FITTING, spec: AdditiveSpec = PERTURBED) -> AdditivePredictor:
    made = fit(fitting, spec, Measured(task.molecules, labels, ENDPOINTS)).predictor
    assert isinstance(made, AdditivePredictor)
    return made


def test_a_perturbed_model_learns_and_its_noise_is_that_of_the_seed(task: Task) -> None:
    made, again = perturbed(task, task.labels), perturbed(task, task.labels)
    assert auroc(made.predict(task.molecules).mean[:, 0], task.labels[:, 0]) > 0.8
    np.testing.assert_array_equal(made.weights, again.weights)
    other = perturbed(task, task.labels, replace(FITTING, seed=1, config=TrainingConfig(validation_share=0)))
    assert not np.isclose(made.weights, other.weights).any()


def test_noise_of_a_release_comes_from_no_seed(task: Task) -> None:
    made, again = (perturbed(task, task.labels, replace(FITTING, is_release=True)) for _ in range(2))
    assert not np.isclose(made.weights, again.weights).any()


def test_nothing_but_noisy_weights_depends_on_the_molecules_of_a_perturbed_model(task: Task) -> None:
    made, other = perturbed(task, task.labels), perturbed(task, 1 - task.labels)
    differ = {name for name in ARRAYS if not np.array_equal(getattr(made, name), getattr(other, name))}
    assert differ == {"weights", "bias"}
    assert made.low_rank is None
    noise = replace(PERTURBED, noise=1e6)  # as much as hides everything: the same noise is what is left
    loud, also = perturbed(task, task.labels, spec=noise), perturbed(task, 1 - task.labels, spec=noise)
    np.testing.assert_allclose(loud.weights, also.weights, rtol=1e-2, atol=1e-4 * np.abs(loud.weights).max())


def test_a_perturbed_model_of_values_or_of_soft_labels_is_refused(task: Task) -> None:
    measured = Measured(task.molecules, np.concatenate([task.labels, task.labels], 1), (*ENDPOINTS, VALUE))
    with pytest.raises(ConfigError, match=r"knows classes only, and 'size' is a value; expected a threshold"):
        fit(FITTING, PERTURBED, measured)
    ones = np.ones_like(task.labels)
    with pytest.raises(ConfigError, match=r"learns nothing private; expected another solver for the student"):
        distil(FITTING, PERTURBED, Lesson(task.molecules, task.labels, ones, ones, None, ENDPOINTS))


def test_a_perturbed_model_without_labels_is_refused(task: Task) -> None:
    with pytest.raises(QuorumError, match="'active' has no label to learn from"):
        perturbed(task, np.full_like(task.labels, np.nan))
