"""The sparse embedding and the convex solver have one minimum: the same weights and answers, and a gradient that is zero."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, Ridge

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.prediction import PLANES
from fluid.training.additive_module import LENGTHS, AdditiveModule, Sparse, conjugate_gradients, solve_together
from fluid.training.additive_problem import Column, Problem, one_by_one
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.kinds.additive import distil, fit
from fluid.training.kinds.kind import Fitting
from fluid.training.lesson import Lesson, Measured
from tests.training.conftest import ENDPOINTS, Task

STRENGTHS, TRAINER = (0.03, 1.0), TrainerSpec(threads=1)
SOFT, CLASS, VALUE = Endpoint("soft"), Endpoint("active"), Endpoint("size", "regression")
WEIGHTS, SCORES = 5e-4, 2e-3
"""How far weights and scores of both solvers may be apart; the convex one stops earlier (`TOLERANCE` in `additive_solve`)."""


def problem(molecules: int = 200, columns: int = 40) -> Problem:
    """Return a class with missing labels, a soft label, and a value, all with weights."""
    rng = np.random.default_rng(0)
    dense = np.log1p(rng.poisson(0.3, (molecules, columns)))
    score = dense @ rng.normal(size=columns) - 0.5
    label, mass = (rng.random(molecules) < expit(score)).astype(float), rng.uniform(0.5, 2, (3, molecules))
    label[::3], mass[1, ::5] = np.nan, 0
    value = 30 + 7 * (score + rng.normal(size=molecules))
    planes = ((CLASS, label), (SOFT, expit(score + rng.normal(size=molecules))), (VALUE, value))
    return Problem(csr_matrix(dense), [Column(*one, own) for one, own in zip(planes, mass, strict=True)], np.arange(20, molecules))


@pytest.mark.parametrize(("molecules", "columns"), [(200, 40), (60, 200)])
def test_both_solvers_agree(molecules: int, columns: int) -> None:
    asked = problem(molecules, columns)
    together, alone = solve_together(asked, STRENGTHS, TRAINER), one_by_one(asked)
    for place in range(3):
        for strength in STRENGTHS:
            own, other = together(place, strength), alone(place, strength)
            np.testing.assert_allclose(own.weights, other.weights, atol=WEIGHTS)
            np.testing.assert_allclose(asked.features @ own.weights + own.bias, asked.features @ other.weights + other.bias, atol=SCORES)
            np.testing.assert_allclose(own.variance, other.variance, rtol=1e-3)
            assert own.bias_variance == pytest.approx(other.bias_variance, rel=1e-3)


def test_weights_are_those_of_scikit_learn_to_eight_digits() -> None:
    asked = problem()
    together = solve_together(asked, STRENGTHS, TRAINER)
    for strength in STRENGTHS:
        features, labels, mass = asked.part(0)
        theirs = LogisticRegression(C=strength, tol=1e-14, max_iter=100, solver="newton-cholesky").fit(features.toarray(), labels, mass)
        np.testing.assert_allclose(together(0, strength).weights, theirs.coef_[0], atol=1e-8)
        features, labels, mass = asked.part(2)
        ridge = Ridge(alpha=1 / strength, solver="cholesky").fit(features.toarray(), labels, sample_weight=mass)
        np.testing.assert_allclose(together(2, strength).weights, ridge.coef_, atol=1e-8)
        assert together(2, strength).bias == pytest.approx(ridge.intercept_, abs=1e-8)


def test_no_step_makes_the_objective_larger() -> None:
    features, labels, mass = problem().part(0)
    module = AdditiveModule(features, 1 - labels[:, None], 10 * mass[:, None], np.ones(1), np.ones(1, bool))
    module.weights.add_(5 * torch.randn(module.weights.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
    values = []
    for step in range(12):
        module.training_step(None, step)
        scores = module.features(module.weights) + module.bias
        values.append(float(module.losses(scores) + 0.5 * (module.weights**2).sum()))
    assert all(later <= before * (1 + 1e-12) for before, later in pairwise(values))
    assert values[-1] < values[0] / 2
    assert LENGTHS[0] == 1


def test_a_bag_of_embeddings_is_a_product() -> None:
    rng = np.random.default_rng(0)
    dense = rng.poisson(0.3, (7, 5)).astype(float)
    dense[3] = 0
    table = rng.normal(size=(5, 3))
    np.testing.assert_allclose(Sparse(csr_matrix(dense))(torch.from_numpy(table)).numpy(), dense @ table, atol=1e-12)


def test_conjugate_gradients_solve_every_column_and_stand_still_when_done() -> None:
    rng = np.random.default_rng(0)
    root = torch.from_numpy(rng.normal(size=(9, 9)))
    matrix, right = torch.eye(9, dtype=torch.float64) + root @ root.T, torch.from_numpy(rng.normal(size=(9, 2)))
    right[:, 1] = 0
    found = conjugate_gradients(lambda vector: matrix @ vector, right, matrix.diagonal()[:, None])
    torch.testing.assert_close(found, torch.linalg.solve(matrix, right))
    assert bool((found[:, 1] == 0).all())


def teacher(task: Task, solver: str, trainer: TrainerSpec = TRAINER) -> AdditivePredictor:
    """Return a teacher of a class with missing labels and a value, by a solver."""
    sizes = np.array([[sum(map(str.isalpha, text))] for text in task.molecules.smiles], np.float32)
    labels = np.concatenate([task.labels, sizes], axis=1)
    labels[::5, 0], labels[1::7, 1] = np.nan, np.nan
    spec = AdditiveSpec(n_bits=256, solver=solver)
    fitting = Fitting("T1", TrainingConfig(validation_share=0.25), trainer, 0)
    made = fit(fitting, spec, Measured(task.molecules, labels, (*ENDPOINTS, VALUE))).predictor
    assert isinstance(made, AdditivePredictor)
    return made


def test_teachers_and_students_answer_alike(task: Task) -> None:
    own, other = (teacher(task, solver) for solver in ("lightning", "convex"))
    said, wanted = own.predict(task.molecules), other.predict(task.molecules)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(said, plane), getattr(wanted, plane), rtol=5e-3, atol=5e-4)
    ones = np.ones_like(said.mean)
    lesson = Lesson(task.molecules, wanted.mean, ones, ones, None, other.endpoints)
    fitting = Fitting("student", TrainingConfig(validation_share=0.25), TRAINER, 0)
    first, second = (distil(fitting, AdditiveSpec(n_bits=256, solver=solver), lesson).predictor for solver in ("lightning", "convex"))
    np.testing.assert_allclose(first.predict(task.molecules).mean, second.predict(task.molecules).mean, rtol=2e-3, atol=2e-4)


def test_the_same_settings_are_the_same_bits(task: Task) -> None:
    one, same = teacher(task, "lightning"), teacher(task, "lightning", replace(TRAINER, precision="bf16-mixed", devices=2, strategy="ddp"))
    for name in ("weights", "bias", "variance"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigError, match="trainer asks for 1 GPU, torch finds 0"):
        solve_together(problem(), STRENGTHS, replace(TRAINER, accelerator="gpu"))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_gives_the_same_weights_and_is_never_waited_for() -> None:
    asked = problem()
    there = solve_together(asked, STRENGTHS, replace(TRAINER, accelerator="gpu"))
    again = solve_together(asked, STRENGTHS, replace(TRAINER, accelerator="gpu"))
    here = solve_together(asked, STRENGTHS, TRAINER)
    for place in range(3):
        np.testing.assert_allclose(there(place, 1.0).weights, here(place, 1.0).weights, atol=1e-8)
        np.testing.assert_array_equal(there(place, 1.0).weights, again(place, 1.0).weights)
    features, labels, mass = asked.part(0)
    module = AdditiveModule(features, labels[:, None], mass[:, None], np.ones(1), np.ones(1, bool)).cuda()
    torch.cuda.set_sync_debug_mode("error")
    try:
        module.training_step(None, 0)
    finally:
        torch.cuda.set_sync_debug_mode("default")
