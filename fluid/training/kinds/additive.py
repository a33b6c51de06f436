"""Additive models: each endpoint is solved for by itself, as strongly penalised as is best on molecules that are held out."""

from typing import NamedTuple

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import QuorumError
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_solve import Solved, class_curvature, mean_square
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.low_rank import Posterior, low_rank_posterior, stacked
from fluid.molecules.molecule_set import MoleculeSet
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


def columns_of(labels: np.ndarray, mass: np.ndarray, endpoints: tuple[Endpoint, ...]) -> list[Column]:
    """Return what each endpoint is solved for."""
    wide = labels.astype(np.float64), mass.astype(np.float64)
    return [Column(endpoint, wide[0][:, place], wide[1][:, place]) for place, endpoint in enumerate(endpoints)]


def fit(fitting: Fitting, spec: AdditiveSpec, measured: Measured) -> Fitted:
    """Make a teacher of what is not held out."""
    rows = own_rows(fitting, measured.labels, measured.molecules.skeletons)
    columns = columns_of(measured.labels, np.ones_like(measured.labels), measured.endpoints)
    return Fitted(make(columns, rows, spec, measured.molecules, fitting.trainer))


def distil(fitting: Fitting, spec: AdditiveSpec, lesson: Lesson) -> Fitted:
    """Make a student of soft labels; the strength is chosen on transfer molecules that are held out."""
    rows = held_out_rows(fitting, lesson.molecules)
    columns = columns_of(lesson.soft_label, lesson.weight, lesson.endpoints)
    return Fitted(make(columns, rows, spec, lesson.molecules, fitting.trainer))


KIND = ModelKind(AdditiveSpec, fit, distil)
