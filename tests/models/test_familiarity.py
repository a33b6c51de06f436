"""Who knows a molecule: by hand, and what does not change it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_matrix

from fluid.models.familiarity import familiarity, shares_of

FEATURES = csr_matrix(np.array([[0.7, 0, 1.1], [0, 0.7, 0], [0, 0, 0]]))
COUNTS = np.array([[9.0, 0.0, 4.0]], np.float32)


def test_the_inverse_of_the_mean_variance() -> None:
    found = familiarity(FEATURES, COUNTS, 1.0)[:, 0]
    np.testing.assert_allclose(found, [2 / (1 / 10 + 1 / 5), 1.0, 1.0])
    np.testing.assert_allclose(familiarity(FEATURES, COUNTS, 2.0)[:, 0], [2 / (1 / 11 + 1 / 6), 2.0, 2.0])


def test_how_often_a_substructure_occurs_does_not_matter() -> None:
    assert np.array_equal(familiarity(FEATURES * 3, COUNTS), familiarity(FEATURES, COUNTS))


def test_more_evidence_is_more_familiar() -> None:
    assert (familiarity(FEATURES, COUNTS + 1) > familiarity(FEATURES, COUNTS))[:2].all()


def test_shares_by_hand() -> None:
    familiar = np.array([1.0, 2.0, 0.0]).reshape(3, 1, 1)
    np.testing.assert_allclose(shares_of(familiar, 2.0).ravel(), [0.2, 0.8, 0.0])
    np.testing.assert_allclose(shares_of(familiar, 0.0).ravel(), [0.5, 0.5, 0.0])
    assert np.array_equal(shares_of(np.zeros((2, 1, 1)), 4.0), np.zeros((2, 1, 1)))


@settings(max_examples=50)
@given(arrays(float, (3, 4, 2), elements=st.floats(0, 1e6)), st.floats(0, 50))
def test_shares_sum_to_one_where_anybody_answers(familiar: np.ndarray, sharpness: float) -> None:
    share = shares_of(familiar, sharpness)
    assert (share >= 0).all()
    assert (share[familiar == 0] == 0).all()
    total = share.sum(axis=0)
    np.testing.assert_allclose(total[(familiar > 0).any(axis=0)], 1.0)
    np.testing.assert_allclose(shares_of(familiar * 7, sharpness), share, atol=1e-9)


def test_a_sharp_gate_asks_the_most_familiar() -> None:
    familiar = np.array([3.0, 3.1, 1.0]).reshape(3, 1, 1)
    assert shares_of(familiar, 1000.0).ravel().tolist() == pytest.approx([0, 1, 0], abs=1e-9)
