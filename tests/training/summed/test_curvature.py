import numpy as np
from scipy.sparse import csr_matrix

from fluid.training.summed.curvature import MOST, Curvature


def test_a_step_with_all_directions_is_that_of_the_whole_matrix(public: csr_matrix) -> None:
    """By a dense solver, as an independent reference."""
    curvature = Curvature.of(public, 30, 0)
    gradient = np.random.default_rng(0).normal(0, 1, 30)
    moments = (public.T @ public).toarray() / public.shape[0]
    expected = np.linalg.solve(500 * moments / 4 + (1 / 2 + 3) * np.eye(30), gradient)
    assert np.allclose(curvature.step(gradient, 500, 2.0, 3.0), expected)


def test_few_directions_are_the_largest(public: csr_matrix) -> None:
    moments = np.linalg.eigvalsh((public.T @ public).toarray() / public.shape[0])[::-1]
    curvature = Curvature.of(public, 3, 0)
    assert np.allclose(curvature.moments, moments[:3], rtol=1e-2)
    assert np.allclose(curvature.directions @ curvature.directions.T, np.eye(3))


def test_without_molecules_only_the_penalty_bends(public: csr_matrix) -> None:
    gradient = np.arange(30.0)
    assert np.allclose(Curvature.of(public, 5, 0).step(gradient, 0.0, 4.0, 1.0), gradient / 1.25)


def test_there_are_no_more_directions_than_columns_or_molecules(public: csr_matrix) -> None:
    assert Curvature.of(public, 400, 0).directions.shape == (30, 30)
    assert Curvature.of(public[:7], 400, 0).directions.shape == (7, 30)


def test_the_seed_alone_decides(public: csr_matrix) -> None:
    first, again = (Curvature.of(public, 4, 5).directions for _ in range(2))
    assert first.tobytes() == again.tobytes()


def test_many_molecules_are_thinned_evenly() -> None:
    """Every second of twice as many: here the rows that are not zero."""
    rows = csr_matrix(np.tile(np.eye(2)[[0, 1]] * [[2.0], [0.0]], (MOST, 1)))
    assert np.allclose(Curvature.of(rows, 1, 0).moments, 4.0)
