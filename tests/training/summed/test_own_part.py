import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.sparse import csr_matrix, vstack

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.additive_perturbed import Objective
from fluid.training.summed.own_part import OwnPart, check_classes
from fluid.training.summed.public_map import PublicMap

Private = tuple[csr_matrix, np.ndarray]


def made(public: csr_matrix) -> PublicMap:
    return PublicMap.of(public, 0.1, 0.9, 0.3)


def test_the_gradient_is_that_of_the_loss(public: csr_matrix, private: Private) -> None:
    """By finite differences of the loss, penalty left out."""
    part = OwnPart.of(*private, made(public))
    weights = np.random.default_rng(0).normal(0, 2, (2, 31))
    for place, rows in enumerate(part.rows):
        objective = Objective(rows, np.inf, np.zeros(31))
        assert part.gradient(weights)[place] == pytest.approx(approx_fprime(weights[place], objective.value), abs=1e-5)


def test_missing_labels_are_not_learnt(public: csr_matrix, private: Private) -> None:
    features, labels = private
    part, known = OwnPart.of(features, labels, made(public)), ~np.isnan(labels[:, 1])
    assert part.counts().tolist() == [120, 80]
    alone = OwnPart.of(features[known], labels[known, 1:], made(public))
    weights = np.random.default_rng(0).normal(0, 1, (2, 31))
    assert part.gradient(weights)[1] == pytest.approx(alone.gradient(weights[1:])[0])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), size=st.sampled_from([0.0, 0.1, 3.0, 1e3]), length=st.sampled_from([0.01, 1.0, 1e4]))
def test_one_molecule_more_moves_the_gradient_by_1_at_most(
    public: csr_matrix, private: Private, seed: int, size: float, length: float
) -> None:
    """Whatever the molecule, its label and the weights are: that is what the noise is measured by."""
    rng = np.random.default_rng(seed)
    one = csr_matrix(rng.exponential(length, (1, 30)) * (rng.random((1, 30)) < 0.4))
    label = rng.integers(0, 2, (1, 2)).astype(np.float32)
    features, labels = private
    fewer = OwnPart.of(features, labels, made(public))
    more = OwnPart.of(csr_matrix(vstack([features, one])), np.concatenate([labels, label]), made(public))
    weights = rng.normal(0, size, (2, 31))
    moved = np.linalg.norm(more.gradient(weights) - fewer.gradient(weights), axis=1)
    assert moved.max() <= 1 + 1e-9
    assert np.abs(more.counts() - fewer.counts()).max() <= 1


def test_the_bound_is_reached(public: csr_matrix, private: Private) -> None:
    """A long molecule on the wrong side moves the gradient by its whole norm: less noise would not do."""
    nothing = OwnPart.of(private[0][:0], private[1][:0], made(public))
    one = OwnPart.of(csr_matrix(np.full((1, 30), 9.0)), np.ones((1, 2), np.float32), made(public))
    weights = -9.0 * np.vstack([one.rows[0].toarray()] * 2)
    assert np.linalg.norm(one.gradient(weights) - nothing.gradient(weights), axis=1) == pytest.approx(1)


def test_it_does_not_matter_whose_molecules_are_whose(public: csr_matrix, private: Private) -> None:
    features, labels = private
    weights, rng = np.random.default_rng(0).normal(0, 1, (2, 31)), np.random.default_rng(1)
    whole = OwnPart.of(features, labels, made(public))
    for companies in (2, 5):
        deal = np.array_split(rng.permutation(120), companies)
        parts = [OwnPart.of(features[own], labels[own], made(public)) for own in deal]
        assert sum(part.gradient(weights) for part in parts) == pytest.approx(whole.gradient(weights))
        assert sum(part.counts() for part in parts).tolist() == whole.counts().tolist()  # type: ignore[union-attr]


def test_a_label_that_is_no_class_is_refused(public: csr_matrix, private: Private) -> None:
    soft = private[1].copy()
    soft[0, 0] = 0.5
    with pytest.raises(ConfigError, match="neither 0 nor 1.*measured classes"):
        OwnPart.of(private[0], soft, made(public))


def test_a_value_is_refused() -> None:
    check_classes([Endpoint("hERG", "classification")])
    with pytest.raises(ConfigError, match="classes only, and 'logD' is a value.*another student"):
        check_classes([Endpoint("hERG", "classification"), Endpoint("logD", "regression")])
