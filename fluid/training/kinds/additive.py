"""Additive models: each endpoint is solved for by itself, as strongly penalised as is best on molecules that are held out."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.errors import QuorumError
from fluid.models.additive import AdditivePredictor
from fluid.models.additive_solve import Solved, solve_classes, solve_values
from fluid.models.additive_spec import AdditiveSpec
from fluid.training.calibration import fit_temperature, nll
from fluid.training.kinds.kind import Fitted, Fitting, ModelKind
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import Rows, held_out_rows, own_rows


class Column(NamedTuple):
    """What one endpoint's weights are solved for.

    Attributes:
        endpoint: The endpoint.
        labels: Classes, soft labels or values `(M,)`; NaN where there is none.
        mass: Weight of each molecule `(M,)`.
    """

    endpoint: Endpoint
    labels: np.ndarray
    mass: np.ndarray

    def known(self, rows: np.ndarray) -> np.ndarray:
        """Return those rows that count."""
        kept: np.ndarray = rows[np.isfinite(self.labels[rows]) & (self.mass[rows] > 0)]
        return kept


class Made(NamedTuple):
    """One endpoint's weights in its own unit, the variance of values around the answer, and the temperature."""

    solved: Solved
    noise: float
    temperature: float


def best_strength(column: Column, rows: Rows, spec: AdditiveSpec, solve: Callable[[float], Solved], features: csr_matrix) -> Solved:
    """Return the weights of the strength that is best on held-out rows; of the middle one where none is held out."""
    held_out = column.known(rows[1])
    if len(spec.strengths) == 1 or not len(held_out):
        return solve(spec.strengths[len(spec.strengths) // 2])
    own = features[held_out]
    return min(map(solve, spec.strengths), key=lambda solved: mean_loss(column, own @ solved.weights + solved.bias, held_out))


def mean_loss(column: Column, answers: np.ndarray, rows: np.ndarray) -> float:
    """Return the cross-entropy or the squared error of answers for some rows."""
    labels = column.labels[rows]
    return nll(answers, labels, 1.0) if column.endpoint.kind == "classification" else float(np.mean((answers - labels) ** 2))


def make_classes(column: Column, rows: Rows, spec: AdditiveSpec, features: csr_matrix) -> Made:
    """Solve for the log-odds of classes, and calibrate them on the rows held out."""
    known, held_out = column.known(rows[0]), column.known(rows[1])
    own, labels, mass = features[known], column.labels[known], column.mass[known]
    solved = best_strength(column, rows, spec, lambda strength: solve_classes(own, labels, mass, strength), features)
    return Made(solved, 0.0, fit_temperature(features[held_out] @ solved.weights + solved.bias, column.labels[held_out]))


def make_values(column: Column, rows: Rows, spec: AdditiveSpec, features: csr_matrix) -> Made:
    """Solve for values; the noise is the mean squared error on the rows held out, or on its own where none is."""
    known, held_out = column.known(rows[0]), column.known(rows[1])
    middle, spread = float(column.labels[known].mean()), max(float(column.labels[known].std()), 1e-6)
    own, labels, mass = features[known], (column.labels[known] - middle) / spread, column.mass[known]

    def solve(strength: float) -> Solved:
        solved = solve_values(own, labels, mass, strength)
        return Solved(solved.weights * spread, solved.bias * spread + middle, solved.variance * spread**2, solved.bias_variance * spread**2)

    solved = best_strength(column, rows, spec, solve, features)
    judged = held_out if len(held_out) else known
    return Made(solved, mean_loss(column, features[judged] @ solved.weights + solved.bias, judged), 1.0)


def make(columns: list[Column], rows: Rows, spec: AdditiveSpec, features: csr_matrix) -> AdditivePredictor:
    """Return the model of all endpoints.

    Raises:
        QuorumError: An endpoint has no label to learn from.
    """
    made = []
    for column in columns:
        if not len(column.known(rows[0])):
            raise QuorumError(f"endpoint {column.endpoint.name!r} has no label to learn from", expected="at least one")
        solve = make_classes if column.endpoint.kind == "classification" else make_values
        made.append(solve(column, rows, spec, features))
    planes = {name: np.array([getattr(one.solved, name) for one in made], np.float32) for name in Solved._fields}
    noise, temperature = (np.array([getattr(one, name) for one in made], np.float32) for name in ("noise", "temperature"))
    return AdditivePredictor(**planes, noise=noise, temperature=temperature, endpoints=tuple(c.endpoint for c in columns), spec=spec)


def columns_of(labels: np.ndarray, mass: np.ndarray, endpoints: tuple[Endpoint, ...]) -> list[Column]:
    """Return what each endpoint is solved for."""
    wide = labels.astype(np.float64), mass.astype(np.float64)
    return [Column(endpoint, wide[0][:, place], wide[1][:, place]) for place, endpoint in enumerate(endpoints)]


def fit(fitting: Fitting, spec: AdditiveSpec, measured: Measured) -> Fitted:
    """Make a teacher of what is not held out."""
    rows = own_rows(fitting, measured.labels, measured.molecules.skeletons)
    columns = columns_of(measured.labels, np.ones_like(measured.labels), measured.endpoints)
    return Fitted(make(columns, rows, spec, spec.dictionary.features(measured.molecules)))


def distil(fitting: Fitting, spec: AdditiveSpec, lesson: Lesson) -> Fitted:
    """Make a student of soft labels; the strength is chosen on transfer molecules that are held out."""
    rows = held_out_rows(fitting, lesson.molecules)
    columns = columns_of(lesson.soft_label, lesson.weight, lesson.endpoints)
    return Fitted(make(columns, rows, spec, spec.dictionary.features(lesson.molecules)))


KIND = ModelKind(AdditiveSpec, fit, distil)
