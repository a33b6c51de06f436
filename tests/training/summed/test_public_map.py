import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.errors import InputError
from fluid.training.summed.public_map import PublicMap


def test_rows_are_those_of_the_formula(public: csr_matrix) -> None:
    found = PublicMap.of(public, 0.1, 0.9, 0.3).rows(public).toarray()
    dense = public.toarray()
    spread = np.sqrt((dense**2).mean(axis=0))
    scaled = dense / np.where(spread > 0, spread, 1) ** 0.1
    norms = np.linalg.norm(scaled, axis=1)
    longest = np.maximum(norms, np.quantile(norms, 0.9))
    assert np.allclose(found[:, :-1], np.sqrt(1 - 0.09) * scaled / longest[:, None], atol=1e-9)
    assert (found[:, -1] == 0.3).all()


def test_no_row_is_longer_than_1(public: csr_matrix) -> None:
    """Also of molecules unlike all public ones."""
    strange = csr_matrix(np.random.default_rng(2).exponential(50, (200, 30)))
    norms = np.linalg.norm(PublicMap.of(public, 1.0, 0.0, 0.3).rows(strange).toarray(), axis=1)
    assert norms.max() <= 1
    assert norms.min() > 0.99  # they are long, and are scaled to the bound


def test_a_column_of_no_public_molecule_is_dropped(public: csr_matrix) -> None:
    only = csr_matrix(np.eye(30)[-2:])
    assert PublicMap.of(public, 0.1, 0.9, 0.3).rows(only).toarray()[:, :-1].max() == 0


def test_weights_of_rows_answer_as_weights_of_features_where_nothing_is_scaled_down(public: csr_matrix) -> None:
    made = PublicMap.of(public, 0.3, 1.0, 0.3)
    weights = np.random.default_rng(3).normal(0, 1, (2, 31))
    own, bias = made.in_units_of_features(weights)
    assert np.allclose(public @ own.T + bias, made.rows(public) @ weights.T)


def test_a_transfer_set_that_sets_no_scale_is_refused() -> None:
    for nothing in (csr_matrix((0, 30)), csr_matrix((5, 30))):
        with pytest.raises(InputError, match="hardly any substructure.*a larger transfer set"):
            PublicMap.of(nothing, 0.1, 0.9, 0.3)
