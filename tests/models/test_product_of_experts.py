"""The product of experts against the equations written out densely, and its limits."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from fluid.models.product_of_experts import Experts, mean_bias, multiply_experts

RNG = np.random.default_rng(0)
PUBLIC = csr_matrix(np.log1p(RNG.poisson(0.4, (200, 12)) * (np.arange(12) < 11)))
EXPERTS = Experts(RNG.normal(size=(3, 12)), np.array([0.5, -1.0, 2.0]), RNG.poisson(5, (3, 12)).astype(np.float32))


def correlations(public: np.ndarray, correlation: float) -> np.ndarray:
    """Return `(1 − ρ) I + ρ R`; a column that is 0 everywhere correlates with itself alone."""
    norms = np.linalg.norm(public, axis=0)
    scaled = public / np.where(norms > 0, norms, 1)
    full = scaled.T @ scaled
    np.fill_diagonal(full, 1)
    return (1 - correlation) * np.eye(len(full)) + correlation * full


@pytest.mark.parametrize("correlation", [0.0, 0.6, 1.0])
def test_it_solves_the_dense_equations(correlation: float) -> None:
    inner = correlations(PUBLIC.toarray(), correlation)
    precision, known = np.eye(12), np.zeros(12)
    for weights, counts in zip(EXPERTS.weights, EXPERTS.counts, strict=True):
        root = np.sqrt(0.1 * counts)
        own = root[:, None] * inner * root
        precision += own
        known += weights + own @ weights
    found = multiply_experts(EXPERTS, PUBLIC, 0.1, correlation)
    np.testing.assert_allclose(found.weights, np.linalg.solve(precision, known), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.variance, 1 / (1 + 0.1 * EXPERTS.counts.sum(0)), rtol=1e-6)


def test_one_expert_alone_is_itself() -> None:
    one = Experts(*(plane[:1] for plane in EXPERTS))
    found = multiply_experts(one, PUBLIC, 0.1, 0.6)
    np.testing.assert_allclose(found.weights, one.weights[0], rtol=1e-4, atol=1e-5)
    assert found.bias == 0.5


def test_who_has_no_evidence_changes_little_and_experts_of_other_substructures_add_up() -> None:
    weights, counts = np.zeros((2, 12)), np.zeros((2, 12), np.float32)
    weights[0, :6], counts[0, :6] = 1.0, 1e6
    weights[1, 6:], counts[1, 6:] = -1.0, 1e6
    found = multiply_experts(Experts(weights, np.zeros(2), counts), PUBLIC, 0.1, 0.0)
    np.testing.assert_allclose(found.weights, [1] * 6 + [-1] * 6, atol=1e-4)


def test_order_of_experts_does_not_matter() -> None:
    turned = Experts(*(plane[::-1] for plane in EXPERTS))
    found, again = (multiply_experts(one, PUBLIC, 0.1, 0.6) for one in (EXPERTS, turned))
    np.testing.assert_allclose(found.weights, again.weights, atol=1e-5)
    assert found.bias == pytest.approx(again.bias)


def test_it_is_the_pooled_ridge_regression_where_substructures_do_not_go_together() -> None:
    """Of orthogonal features the diagonal is all there is: nothing of the pooled model is lost."""
    features = np.kron(np.eye(6), np.ones((8, 1)))
    values = np.random.default_rng(1).normal(size=48)
    mine = np.arange(48) % 8 < 3
    parts = [(features[rows], values[rows]) for rows in (mine, ~mine)]

    def ridge(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        weights: np.ndarray = Ridge(alpha=2.0, fit_intercept=False).fit(x, y).coef_
        return weights

    counts = np.array([x.sum(0) for x, _ in parts], np.float32)
    experts = Experts(np.array([ridge(*part) for part in parts]), np.zeros(2), counts)
    found = multiply_experts(experts, csr_matrix(features), 0.5, 1.0)
    np.testing.assert_allclose(found.weights, ridge(features, values), atol=1e-4)


def test_the_bias_is_the_mean_by_size() -> None:
    sizes = EXPERTS.counts.max(axis=1)
    assert mean_bias(EXPERTS) == pytest.approx(float(sizes @ EXPERTS.bias / sizes.sum()))
    assert mean_bias(EXPERTS._replace(counts=np.zeros((3, 12), np.float32))) == pytest.approx(0.5)
