"""Additive models: each endpoint is solved for by itself, as strongly penalised as is best on molecules that are held out."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, QuorumError
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_perturbed import solve_perturbed
from fluid.models.additive_solve import Solved, class_curvature, mean_square
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.low_rank import Posterior, low_rank_posterior, stacked
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import Normal
from fluid.training.additive_problem import Column, Problem, Solve
from fluid.training.additive_solver import solver_of
from fluid.training.calibration import fit_temperature, nll
from fluid.training.config import TrainerSpec
from fluid.training.kinds.kind import Fitted, Fitting, ModelKind
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import Rows, held_out_rows, own_rows


class Made(NamedTuple):
    """One endpoint's weights in its own unit, the variance of values around the answer, the temperature, and the posterior if asked for."""

    solved: Solved
    noise: float
    temperature: float
    posterior: Posterior | None = None


def mean_loss(column: Column, answers: np.ndarray, rows: np.ndarray) -> float:
    """Return the cross-entropy or the squared error of answers for some rows."""
    labels = column.labels[rows]
    return nll(answers, labels, 1.0) if column.is_class else float(np.mean((answers - labels) ** 2))


def in_own_unit(solved: Solved, middle: float, spread: float) -> Solved:
    """Return weights of values of mean 0 and variance 1 as those of values in their own unit."""
    return Solved(solved.weights * spread, solved.bias * spread + middle, solved.variance * spread**2, solved.bias_variance * spread**2)


def posterior_of(problem: Problem, place: int, solved: Solved, strength: float, rank: int) -> Posterior:
    """Return how sure the data make an endpoint's weights together, in the solver's unit; `solved` has the variances of each alone."""
    features, targets, mass = problem.part(place)
    answers = features @ solved.weights + solved.bias
    if problem.columns[place].is_class:
        return low_rank_posterior(features, class_curvature(answers, mass, strength), rank)
    return low_rank_posterior(features, strength * mass, rank).times(mean_square(targets - answers, mass))


def best_strength(problem: Problem, place: int, judged: np.ndarray, strengths: tuple[float, ...], solve: Solve) -> tuple[float, Solved]:
    """Return the strength that is best on some rows, and its weights in the solver's unit; the middle one where there are no rows."""
    if len(strengths) == 1 or not len(judged):
        middle = strengths[len(strengths) // 2]
        return middle, solve(place, middle)
    column, own, unit = problem.columns[place], problem.features[judged], problem.columns[place].unit(problem.rows)

    def loss(found: tuple[float, Solved]) -> float:
        solved = in_own_unit(found[1], *unit)
        return mean_loss(column, own @ solved.weights + solved.bias, judged)

    return min(((strength, solve(place, strength)) for strength in strengths), key=loss)


def make_one(problem: Problem, place: int, held_out: np.ndarray, spec: AdditiveSpec, solve: Solve) -> Made:
    """Solve for one endpoint by the strength that is best on the rows held out.

    Log-odds of classes are calibrated on these rows; the noise of values is the mean squared error on them, or on its own where none is.
    """
    column, (middle, spread) = problem.columns[place], problem.columns[place].unit(problem.rows)
    judged = column.known(held_out)
    strength, found = best_strength(problem, place, judged, spec.strengths, solve)
    solved, posterior = in_own_unit(found, middle, spread), None
    if spec.laplace == "low_rank":
        posterior = posterior_of(problem, place, found, strength, spec.rank).times(spread**2)
        solved = solved._replace(variance=posterior.variance, bias_variance=posterior.bias_variance)
    rows = judged if len(judged) or column.is_class else column.known(problem.rows)
    answers = problem.features[rows] @ solved.weights + solved.bias
    if column.is_class:
        return Made(solved, 0.0, fit_temperature(answers, column.labels[rows]), posterior)
    return Made(solved, mean_loss(column, answers, rows), 1.0, posterior)


def make(columns: list[Column], rows: Rows, spec: AdditiveSpec, molecules: MoleculeSet, trainer: TrainerSpec) -> AdditivePredictor:
    """Return the model of all endpoints.

    Raises:
        QuorumError: An endpoint has no label to learn from.
    """
    problem = Problem(spec.dictionary.features(molecules), columns, rows[0])
    for column in columns:
        if not len(column.known(rows[0])):
            raise QuorumError(f"endpoint {column.endpoint.name!r} has no label to learn from", expected="at least one")
    solve = solver_of(spec, trainer)(problem)
    made = [make_one(problem, place, rows[1], spec, solve) for place in range(len(columns))]
    planes = {name: np.array([getattr(one.solved, name) for one in made], np.float32) for name in Solved._fields}
    rest = {name: np.array([getattr(one, name) for one in made], np.float32) for name in ("noise", "temperature")}
    posteriors = [one.posterior for one in made if one.posterior]
    low_rank = stacked(posteriors) if posteriors else None
    return AdditivePredictor(**planes, **rest, endpoints=tuple(c.endpoint for c in columns), spec=spec, low_rank=low_rank)


def make_perturbed(
    columns: list[Column], rows: np.ndarray, spec: AdditiveSpec, molecules: MoleculeSet, fitting: Fitting
) -> AdditivePredictor:
    """Return the model of all endpoints of which nothing but the weights, with their noise, depends on the molecules.

    Raises:
        ConfigError: An endpoint is a value.
        QuorumError: An endpoint has no label to learn from.
    """
    values = [column.endpoint.name for column in columns if not column.is_class]
    if values:
        what = f"model.solver=perturbed knows classes only, and {values[0]!r} is a value"
        raise ConfigError(what, expected='a threshold, such as intake.endpoints=["pic50 >= 5"], or another solver')
    features, size = spec.dictionary.features(molecules), len(columns)
    found = [perturbed_weights(column, features, rows, spec, fitting.noise("weights noise", column.endpoint.name)) for column in columns]
    weights, bias = (np.array(part, np.float32) for part in zip(*found, strict=True))
    nothing, ones = np.zeros(size, np.float32), np.ones(size, np.float32)
    endpoints = tuple(column.endpoint for column in columns)
    return AdditivePredictor(weights, bias, np.zeros_like(weights), nothing, nothing, ones, endpoints=endpoints, spec=spec)


def perturbed_weights(
    column: Column, features: csr_matrix, rows: np.ndarray, spec: AdditiveSpec, source: Normal
) -> tuple[np.ndarray, float]:
    """Return the noisy weights `(D,)` and bias of one endpoint.

    Raises:
        QuorumError: There is no label to learn from.
    """
    known = column.known(rows)
    if not len(known):
        raise QuorumError(f"endpoint {column.endpoint.name!r} has no label to learn from", expected="at least one")
    return solve_perturbed(features[known], column.labels[known], spec.strengths[0], spec.clip, spec.noise, source)


def columns_of(labels: np.ndarray, mass: np.ndarray, endpoints: tuple[Endpoint, ...]) -> list[Column]:
    """Return what each endpoint is solved for."""
    wide = labels.astype(np.float64), mass.astype(np.float64)
    return [Column(endpoint, wide[0][:, place], wide[1][:, place]) for place, endpoint in enumerate(endpoints)]


def fit(fitting: Fitting, spec: AdditiveSpec, measured: Measured) -> Fitted:
    """Make a teacher of what is not held out."""
    rows = own_rows(fitting, measured.labels, measured.molecules.skeletons)
    columns = columns_of(measured.labels, np.ones_like(measured.labels), measured.endpoints)
    if spec.is_perturbed:
        return Fitted(make_perturbed(columns, np.sort(np.concatenate(rows)), spec, measured.molecules, fitting))
    return Fitted(make(columns, rows, spec, measured.molecules, fitting.trainer))


def distil(fitting: Fitting, spec: AdditiveSpec, lesson: Lesson) -> Fitted:
    """Make a student of soft labels; the strength is chosen on transfer molecules that are held out.

    Raises:
        ConfigError: The settings ask for noise, and a student learns nothing private.
    """
    if spec.is_perturbed:
        raise ConfigError("a student is of solver 'perturbed', and it learns nothing private", expected="another solver for the student")
    rows = held_out_rows(fitting, lesson.molecules)
    columns = columns_of(lesson.soft_label, lesson.weight, lesson.endpoints)
    return Fitted(make(columns, rows, spec, lesson.molecules, fitting.trainer))


KIND = ModelKind(AdditiveSpec, fit, distil)
