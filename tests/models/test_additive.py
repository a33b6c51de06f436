"""Additive models: the answers of scikit-learn's own solvers, curvature by hand, and uncertainty by drawing weights."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, Ridge

from fluid.errors import ConfigError, ShapeError
from fluid.models.additive import AdditivePredictor, mutual_information
from fluid.models.additive_solve import laplace, ridge_together, solve_classes, solve_values
from fluid.models.additive_spec import AdditiveSpec
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.prediction import PLANES, entropy
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, SMILES

SPEC = AdditiveSpec(n_bits=64)


def numbers(molecules: int, columns: int, seed: int = 0) -> tuple[csr_matrix, np.ndarray, np.ndarray, np.ndarray]:
    """Return features, classes, values and weights of molecules."""
    rng = np.random.default_rng(seed)
    dense = rng.poisson(0.3, (molecules, columns)).astype(float)
    score = dense @ rng.normal(size=columns) - 0.5
    mass = rng.uniform(0.5, 2, molecules)
    return csr_matrix(np.log1p(dense)), (rng.random(molecules) < expit(score)).astype(float), score + rng.normal(size=molecules), mass


def model(endpoints: int = 2, seed: int = 0) -> AdditivePredictor:
    """Return a model with weights drawn at random."""
    rng = np.random.default_rng(seed)
    weights, variance = rng.normal(size=(endpoints, 64)), rng.uniform(0.01, 0.5, (endpoints, 64))
    planes = {"bias": [0.3, -1.0], "bias_variance": [0.1, 0.2], "noise": [0.0, 0.7], "temperature": [1.5, 1.0]}
    narrow = {name: np.array(values[:endpoints], np.float32) for name, values in planes.items()}
    return AdditivePredictor(
        weights.astype(np.float32), variance=variance.astype(np.float32), **narrow, endpoints=ENDPOINTS[:endpoints], spec=SPEC
    )


@pytest.mark.parametrize(("molecules", "columns"), [(200, 30), (30, 200)])
@pytest.mark.parametrize("strength", [0.1, 10.0])
def test_many_ridge_regressions_are_those_one_by_one(molecules: int, columns: int, strength: float) -> None:
    features, classes, values, _ = numbers(molecules, columns)
    targets = np.stack([values, classes, values**2 - 7, np.ones(molecules)], axis=1)
    weights, bias = ridge_together(features, targets, strength)
    theirs = Ridge(alpha=1 / strength, solver="cholesky").fit(features.toarray(), targets)
    for own, other in zip(weights, theirs.coef_, strict=True):
        np.testing.assert_allclose(own, other, atol=3e-3 * max(np.abs(other).max(), 1e-9))
    said, wanted = features @ weights.T + bias, theirs.predict(features.toarray())
    np.testing.assert_allclose(said / targets.std(axis=0).clip(1), wanted / targets.std(axis=0).clip(1), atol=2e-4)


@pytest.mark.parametrize("strength", [0.03, 1.0])
def test_classes_are_those_of_logistic_regression(strength: float) -> None:
    features, classes, _, mass = numbers(300, 40)
    solved = solve_classes(features, classes, mass, strength)
    theirs = LogisticRegression(C=strength, tol=1e-10, max_iter=10_000).fit(features, classes, sample_weight=mass)
    np.testing.assert_allclose(solved.weights, theirs.coef_[0], atol=2e-4)
    assert solved.bias == pytest.approx(theirs.intercept_[0], abs=2e-4)


def test_a_soft_label_is_both_classes_in_its_shares() -> None:
    features, _, values, mass = numbers(200, 30)
    probs = expit(values)
    soft = solve_classes(features, probs, mass, 0.3)
    twice = csr_matrix(np.vstack([features.toarray()] * 2))
    hard = solve_classes(twice, np.repeat([1.0, 0.0], 200), np.concatenate([mass * probs, mass * (1 - probs)]), 0.3)
    np.testing.assert_allclose(soft.weights, hard.weights, atol=1e-4)


@pytest.mark.parametrize(("molecules", "columns"), [(200, 30), (30, 200), (50, 50)])
def test_values_are_those_of_ridge_regression_on_both_sides_of_a_square(molecules: int, columns: int) -> None:
    features, _, values, mass = numbers(molecules, columns)
    for target in (values, values**2):
        solved = solve_values(features, target, mass, 0.3)
        theirs = Ridge(alpha=1 / 0.3, solver="cholesky").fit(features.toarray(), target, sample_weight=mass)
        np.testing.assert_allclose(solved.weights, theirs.coef_, atol=1e-8)
        np.testing.assert_allclose(solved.bias, theirs.intercept_, atol=1e-8)


def test_the_variance_is_the_inverse_of_the_diagonal_curvature() -> None:
    features, classes, _, mass = numbers(100, 20)
    solved = solve_classes(features, classes, mass, 0.5)
    dense, probs = features.toarray(), expit(features @ solved.weights + solved.bias)
    hessian = np.eye(20) + 0.5 * dense.T @ np.diag(mass * probs * (1 - probs)) @ dense
    np.testing.assert_allclose(solved.variance, 1 / np.diag(hessian), rtol=1e-6)


def test_a_column_that_never_occurs_has_no_weight_and_the_prior_variance() -> None:
    dense = numbers(100, 20)[0].toarray()
    dense[:, 7] = 0
    _, classes, values, mass = numbers(100, 20)
    for solved in (solve_classes(csr_matrix(dense), classes, mass, 1.0), solve_values(csr_matrix(dense), values, mass, 1.0)):
        assert solved.weights[7] == 0
    assert laplace(csr_matrix(dense), mass)[0][7] == 1


def test_a_strong_penalty_leaves_the_mean() -> None:
    features, classes, values, mass = numbers(100, 20)
    assert expit(solve_classes(features, classes, mass, 1e-9).bias) == pytest.approx(np.average(classes, weights=mass), abs=1e-4)
    assert solve_values(features, values, mass, 1e-9).bias == pytest.approx(np.average(values, weights=mass), abs=1e-6)


def test_answers_add_up_substructure_by_substructure(molecules: MoleculeSet) -> None:
    own = model()
    score = np.log1p(np.asarray(np.expm1(SPEC.dictionary.features(MoleculeSet.from_smiles(SMILES)).toarray()))) @ own.weights.T + own.bias
    answers = own.predict(molecules)
    np.testing.assert_allclose(answers.mean[:, 0], expit(score[:, 0] / 1.5), atol=1e-6)
    np.testing.assert_allclose(answers.mean[:, 1], score[:, 1], atol=1e-5)
    np.testing.assert_allclose(answers.epistemic[:, 0] + answers.aleatoric[:, 0], entropy(answers.mean[:, 0]), atol=1e-6)
    np.testing.assert_array_equal(answers.aleatoric[:, 1], np.full(len(SMILES), np.float32(0.7)))


def test_the_doubt_is_that_of_drawn_weights(molecules: MoleculeSet) -> None:
    own, rng = model(), np.random.default_rng(1)
    features = SPEC.dictionary.features(MoleculeSet.from_smiles(SMILES)).toarray()
    drawn = own.weights[1] + rng.normal(size=(20_000, 64)) * np.sqrt(own.variance[1])
    values = features @ drawn.T + rng.normal(own.bias[1], np.sqrt(own.bias_variance[1]), 20_000)
    np.testing.assert_allclose(own.predict(molecules).epistemic[:, 1], values.var(axis=1), rtol=0.05)


@pytest.mark.parametrize("variance", [0.0, 0.3, 4.0])
def test_mutual_information_is_that_of_draws(variance: float) -> None:
    score = np.array([-3.0, 0.0, 0.5, 2.0])
    probs = expit(score + np.random.default_rng(0).normal(size=(400_000, 1)) * np.sqrt(variance))
    expected = entropy(probs.mean(axis=0)) - entropy(probs).mean(axis=0)
    np.testing.assert_allclose(mutual_information(score, np.full(4, variance)), expected, atol=2e-3)


def test_chunks_change_nothing(molecules: MoleculeSet, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = model().predict(molecules)
    monkeypatch.setattr("fluid.models.additive.CHUNK", 2)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(model().predict(molecules), plane), getattr(whole, plane), rtol=1e-6)
    assert len(model().predict(molecules.take(np.empty(0, np.int64)))) == 0


def test_it_is_kept_byte_for_byte(molecules: MoleculeSet, tmp_path: Path) -> None:
    own = model()
    for place in ("one", "two"):
        save_predictor(tmp_path / place, own)
    kept = load_predictor(tmp_path / "one")
    np.testing.assert_array_equal(kept.predict(molecules).mean, own.predict(molecules).mean)
    assert isinstance(kept, AdditivePredictor)
    assert kept.spec == own.spec
    files = [{file.name: file.read_bytes() for file in (tmp_path / place).iterdir()} for place in ("one", "two")]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"bias": np.zeros(3, np.float32)}, r"bias has shape \(3,\)"), ({"weights": np.zeros((2, 64))}, "weights has shape .* float64")],
)
def test_wrong_shapes_are_refused(changed: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        replace(model(), **changed)


@pytest.mark.parametrize(
    "values",
    [
        {"radius": -1}, {"n_bits": 4}, {"strengths": ()}, {"strengths": (0.0,)}, {"strengths": (float("nan"),)},
        {"solver": "sgd"}, {"laplace": "full"}, {"rank": -1}, {"rank": 1025},
    ],
)  # fmt: skip
def test_wrong_settings_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"model\.(radius|strengths|solver|laplace|rank) is"):
        AdditiveSpec(**values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"noise": 1.0}, r"model\.noise is 1 and model\.solver 'auto'; expected model\.solver=perturbed"),
        ({"noise": -1.0}, r"model\.noise is -1\.0; expected a finite number of 0 or more"),
        ({"clip": 0.0}, r"model\.clip is 0\.0; expected a finite number above 0"),
        ({"solver": "perturbed"}, r"model\.strengths has 5 values, of which private molecules would choose one; expected one value"),
        ({"solver": "perturbed", "strengths": (1.0,), "laplace": "low_rank"}, r"a perturbed model tells no doubt; expected diagonal"),
    ],
)
def test_settings_of_noise_that_cannot_be_are_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AdditiveSpec(**values)  # type: ignore[arg-type]


def test_a_perturbed_model_has_no_network_beside_it() -> None:
    with pytest.raises(ConfigError, match="the network beside it has no noise; expected model=additive"):
        WideDeepSpec(additive=AdditiveSpec(solver="perturbed", strengths=(1.0,)))
