import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.models.additive_perturbed import CONSTANT, solve_perturbed, unit_rows
from fluid.models.additive_solve import solve_classes, solve_values
from fluid.models.additive_spec import AdditiveSpec
from fluid.privacy.pulls import gram_of, perturbed_pulls, plain_pulls, shortest
from fluid.seeding import numpy_stream

C = 0.7


@pytest.fixture(scope="module")
def features() -> csr_matrix:
    draw = np.random.default_rng(0)
    return csr_matrix(np.where(draw.random((80, 40)) < 0.2, draw.exponential(2, (80, 40)), 0.0))


@pytest.fixture(scope="module")
def labels(features: csr_matrix) -> np.ndarray:
    said = features.toarray() @ np.random.default_rng(1).normal(0, 1, 40)
    found: np.ndarray = (said > np.median(said)).astype(float)
    return found


def test_the_weights_of_classes_are_the_sum_of_the_pulls(features: csr_matrix, labels: np.ndarray) -> None:
    made = solve_classes(features, labels, np.ones(80), C)
    found = plain_pulls(features, features @ made.weights + made.bias, made.bias, labels, True)
    assert C * (features.T @ found.slopes) == pytest.approx(made.weights, abs=1e-3)
    assert found.scores == pytest.approx(features @ made.weights)
    assert found.told == pytest.approx(found.slopes * (features @ made.weights))


def test_the_weights_of_values_are_too(features: csr_matrix) -> None:
    values = np.random.default_rng(2).normal(0, 1, 80)
    made = solve_values(features, values, np.ones(80), C)
    found = plain_pulls(features, features @ made.weights + made.bias, made.bias, values, False)
    assert C * (features.T @ found.slopes) == pytest.approx(made.weights, abs=1e-6)


def test_the_weights_of_rows_that_are_clipped_are_too(features: csr_matrix, labels: np.ndarray) -> None:
    """Of a model without noise; more than half of the rows are longer than the clip."""
    clip, source = 4.0, numpy_stream(0, "no noise")
    assert (features.power(2).sum(axis=1) > clip**2).mean() > 0.5
    weights, bias = solve_perturbed(features, labels, C, clip, 0.0, source)
    spec = AdditiveSpec(2, 40, (C,), "perturbed", clip=clip)
    found = perturbed_pulls(features, features @ weights + bias, bias, labels, spec)
    rows = unit_rows(features, clip)
    inner = np.append(weights * clip / np.sqrt(1 - CONSTANT**2), bias / CONSTANT)
    assert C * (rows.T @ found.slopes) == pytest.approx(inner, abs=1e-5)
    assert found.scores == pytest.approx(rows @ inner / C)
    assert (np.abs(found.slopes) <= 1).all()
    assert found.told == pytest.approx(gram_of(found.alike, found.slopes).sum(axis=1), abs=1e-5)  # all of them were learnt, once each


def test_the_shortest_weights_are_those_of_least_squares(features: csr_matrix) -> None:
    rows, scores = features[:20], features[:20] @ np.linspace(-1, 1, 40)
    weights = np.linalg.lstsq(rows.toarray(), scores, rcond=None)[0]
    assert shortest((rows @ rows.T).toarray(), scores) == pytest.approx(weights @ weights, rel=1e-4)
    assert shortest(np.zeros((3, 3)), np.zeros(3)) == 0  # rows of nothing
