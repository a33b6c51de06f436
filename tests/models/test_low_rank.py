"""Low-rank Laplace approximation: the exact posterior with all directions, the diagonal with none, and what may not matter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from fluid.errors import ShapeError
from fluid.models.additive import AdditivePredictor
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.kinds import additive as kind
from fluid.models.low_rank import LowRank, Posterior, low_rank_posterior, stacked
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.test_additive import model


def features_of(molecules: int = 60, columns: int = 25) -> tuple[csr_matrix, np.ndarray]:
    """Return features and the curvature of the loss at each molecule."""
    rng = np.random.default_rng(0)
    dense = np.log1p(rng.poisson(0.4, (molecules, columns)))
    dense[:, 3] = dense[:, 4]  # two that go together
    dense[:, 7] = 0
    return csr_matrix(dense), rng.uniform(0.05, 2, molecules)


def exact(features: csr_matrix, curvature: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Return the variance of the scores of molecules `(M, D)`, by the dense posterior of weights and bias."""
    wide = np.column_stack([features.toarray(), np.ones(features.shape[0])])
    precision = np.diag([*np.ones(features.shape[1]), 0.0]) + wide.T @ (curvature[:, None] * wide)
    asked = np.column_stack([asked, np.ones(len(asked))])
    return np.einsum("md,de,me->m", asked, np.linalg.inv(precision), asked)


def doubt(posterior: Posterior, asked: np.ndarray) -> np.ndarray:
    return stacked([posterior]).doubt(csr_matrix(asked), posterior.variance[None])[:, 0] + posterior.bias_variance


@pytest.mark.parametrize(("molecules", "columns"), [(60, 25), (20, 50)])
@pytest.mark.parametrize("extra", [0, 100])
def test_with_all_directions_it_is_the_exact_posterior(molecules: int, columns: int, extra: int) -> None:
    features, curvature = features_of(molecules, columns)
    posterior = low_rank_posterior(features, curvature, min(molecules, columns) + extra)
    asked = np.vstack([features.toarray()[:10], np.random.default_rng(1).normal(size=(10, columns)), np.zeros((1, columns))])
    np.testing.assert_allclose(doubt(posterior, asked), exact(features, curvature, asked), rtol=1e-5)


def test_lanczos_finds_what_the_dense_matrix_has() -> None:
    features, curvature = features_of()
    asked = np.random.default_rng(1).normal(size=(10, 25))
    # of 24 centred columns that are not 0, of which two are the same, 23 are all
    np.testing.assert_allclose(doubt(low_rank_posterior(features, curvature, 24), asked), exact(features, curvature, asked), rtol=1e-3)


def test_with_no_direction_it_is_the_diagonal_for_centred_features() -> None:
    features, curvature = features_of()
    posterior, dense = low_rank_posterior(features, curvature, 0), features.toarray()
    centre = curvature @ dense / curvature.sum()
    variance = 1 / (1 + curvature @ (dense - centre) ** 2)
    np.testing.assert_allclose(posterior.variance, variance, rtol=1e-9)
    assert posterior.factor.shape == (25, 0)
    np.testing.assert_allclose(doubt(posterior, dense), (dense - centre) ** 2 @ variance + 1 / curvature.sum(), rtol=1e-5)


def test_many_directions_bring_it_nearer() -> None:
    """Few do not: what is left over is taken for diagonal, which the mean error of 0 directions happens to even out."""
    features, curvature = features_of()
    asked, apart = features.toarray(), []
    for rank in (0, 20, 22, 23):
        apart.append(np.abs(np.log(doubt(low_rank_posterior(features, curvature, rank), asked) / exact(features, curvature, asked))).mean())
    assert apart == sorted(apart, reverse=True)
    assert apart[1] < apart[0] / 2


@pytest.mark.parametrize("rank", [0, 4, 25])
def test_order_twins_and_molecules_without_weight_change_nothing(rank: int) -> None:
    features, curvature = features_of()
    asked = features.toarray()
    expected = doubt(low_rank_posterior(features, curvature, rank), asked)
    order, half = np.random.default_rng(0).permutation(60), np.concatenate([curvature / 2] * 2)
    dense = features.toarray()
    for other, weight in (
        (dense[order], curvature[order]),
        (np.vstack([dense, dense]), half),
        (np.vstack([dense, dense + 3]), np.concatenate([curvature, np.zeros(60)])),
    ):
        np.testing.assert_allclose(doubt(low_rank_posterior(csr_matrix(other), weight, rank), asked), expected, rtol=2e-4)


def test_without_data_it_is_the_prior() -> None:
    features, _ = features_of()
    posterior = low_rank_posterior(features, np.full(60, 1e-12), 5)
    np.testing.assert_allclose(posterior.variance, 1, rtol=1e-6)
    np.testing.assert_allclose(posterior.factor, 0, atol=1e-4)


def test_another_unit_multiplies_variances() -> None:
    posterior = low_rank_posterior(*features_of(), 5)
    asked = features_of()[0].toarray()
    np.testing.assert_allclose(doubt(posterior.times(9.0), asked), 9 * doubt(posterior, asked), rtol=1e-5)


def low_rank_model(rank: int = 3) -> AdditivePredictor:
    """Return a model whose weights have to do with each other."""
    own, rng = model(), np.random.default_rng(2)
    low_rank = LowRank(rng.normal(0, 0.05, (2, 64, rank)).astype(np.float32), rng.uniform(0, 0.3, (2, 64)).astype(np.float32))
    return replace(own, spec=replace(own.spec, laplace="low_rank", rank=rank), low_rank=low_rank)


def test_answers_have_the_doubt_of_the_whole_covariance(molecules: MoleculeSet) -> None:
    own = low_rank_model()
    centred = own.spec.dictionary.features(molecules).toarray() - own.low_rank.centre[1]
    covariance = np.diag(own.variance[1]) - own.low_rank.factor[1] @ own.low_rank.factor[1].T
    expected = np.maximum(np.einsum("md,de,me->m", centred, covariance, centred), 0) + own.bias_variance[1]
    answers = own.predict(molecules)
    np.testing.assert_allclose(answers.epistemic[:, 1], expected, rtol=1e-5)
    np.testing.assert_array_equal(answers.mean, model().predict(molecules).mean)


def test_it_comes_back_as_it_was_and_an_older_model_is_diagonal(molecules: MoleculeSet, tmp_path: Path) -> None:
    for name, own in (("low", low_rank_model()), ("none", low_rank_model(0)), ("old", model())):
        save_predictor(tmp_path / name, own)
        kept = load_predictor(tmp_path / name)
        assert isinstance(kept, AdditivePredictor)
        assert kept.spec == own.spec
        np.testing.assert_array_equal(kept.predict(molecules).epistemic, own.predict(molecules).epistemic)
        assert (kept.low_rank is None) == (name == "old")


def test_a_card_that_knows_nothing_of_it_is_read(tmp_path: Path) -> None:
    said = kind.save(tmp_path, model())["spec"]
    old = {"spec": {name: said[name] for name in ("radius", "n_bits", "strengths")}}
    kept = kind.load(tmp_path, old, model().endpoints)
    assert (kept.spec, kept.low_rank) == (model().spec, None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"factor": np.zeros((2, 63, 3), np.float32)}, r"factor has shape \(2, 63, 3\) and type float32; expected float32 \(2, 64, 3\)"),
        ({"centre": np.zeros((2, 64))}, r"centre has shape \(2, 64\) and type float64; expected float32 \(2, 64\)"),
    ],
)
def test_wrong_shapes_are_refused(changed: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        replace(low_rank_model(), low_rank=low_rank_model().low_rank._replace(**changed))
