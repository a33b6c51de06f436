"""What is solved for: rows that count, values in a common unit, one endpoint at a time."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.models.additive_solve import solve_classes, solve_values
from fluid.training.additive_problem import Column, Problem, one_by_one

NAN = float("nan")
LABELS, VALUES, MASS = np.array([1.0, NAN, 0, 1, 0, 1]), np.array([5.0, 1, NAN, 3, 9, 2]), np.array([1.0, 1, 1, 0, 2, 1])
PROBLEM = Problem(
    csr_matrix(np.arange(12.0).reshape(6, 2)),
    [Column(Endpoint("a"), LABELS, MASS), Column(Endpoint("b", "regression"), VALUES, MASS)],
    np.array([0, 1, 2, 3, 4]),
)


def test_rows_count_that_have_a_label_and_a_weight() -> None:
    features, labels, mass = PROBLEM.part(0)
    np.testing.assert_array_equal(features.toarray(), [[0, 1], [4, 5], [8, 9]])
    np.testing.assert_array_equal(labels, [1, 0, 0])
    np.testing.assert_array_equal(mass, [1, 1, 2])


def test_values_are_brought_to_a_mean_of_0_and_a_variance_of_1() -> None:
    _, values, _ = PROBLEM.part(1)
    assert (values.mean(), values.std()) == (pytest.approx(0), pytest.approx(1))
    middle, spread = PROBLEM.columns[1].unit(PROBLEM.rows)
    np.testing.assert_allclose(values * spread + middle, [5, 1, 9])
    assert PROBLEM.columns[0].unit(PROBLEM.rows) == (0.0, 1.0)


def test_a_value_that_never_changes_has_a_unit_all_the_same() -> None:
    column = Column(Endpoint("b", "regression"), np.full(3, 4.0), np.ones(3))
    assert column.unit(np.arange(3)) == (4.0, 1e-6)


def test_each_endpoint_has_the_solver_of_its_kind() -> None:
    solve = one_by_one(PROBLEM)
    for place, solver in ((0, solve_classes), (1, solve_values)):
        for own, other in zip(solve(place, 0.3), solver(*PROBLEM.part(place), 0.3), strict=True):
            np.testing.assert_array_equal(own, other)
