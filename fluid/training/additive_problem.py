"""What the weights of an additive model are solved for: endpoints, rows that count, and one after the other on the CPU."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.models.additive_solve import Solved, solve_classes, solve_values

Solve = Callable[[int, float], Solved]
"""Weights of the endpoint in a place, by an inverse strength of the penalty."""


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

    @property
    def is_class(self) -> bool:
        """Whether it is a class."""
        return self.endpoint.kind == "classification"

    def known(self, rows: np.ndarray) -> np.ndarray:
        """Return those rows that count."""
        kept: np.ndarray = rows[np.isfinite(self.labels[rows]) & (self.mass[rows] > 0)]
        return kept

    def unit(self, rows: np.ndarray) -> tuple[float, float]:
        """Return what is taken from values and by what the rest is divided, so that solvers meet a mean of 0 and a variance of 1."""
        if self.is_class:
            return 0.0, 1.0
        known = self.labels[self.known(rows)]
        return float(known.mean()), max(float(known.std()), 1e-6)


class Problem(NamedTuple):
    """The endpoints of one model, and the rows that they are learnt from.

    Attributes:
        features: Of all molecules `(M, D)`.
        columns: The endpoints; of values in their own unit.
        rows: What is learnt.
    """

    features: csr_matrix
    columns: list[Column]
    rows: np.ndarray

    def part(self, place: int) -> tuple[csr_matrix, np.ndarray, np.ndarray]:
        """Return features, targets in the solvers' unit, and weights of the molecules that count for one endpoint."""
        column = self.columns[place]
        known, (middle, spread) = column.known(self.rows), column.unit(self.rows)
        labels = column.labels[known]
        return self.features[known], labels if column.is_class else (labels - middle) / spread, column.mass[known]


def one_by_one(problem: Problem) -> Solve:
    """Return a solver on the CPU that takes each endpoint and strength when it is asked for."""
    parts = [problem.part(place) for place in range(len(problem.columns))]
    solvers = [solve_classes if column.is_class else solve_values for column in problem.columns]
    return lambda place, strength: solvers[place](*parts[place], strength)
