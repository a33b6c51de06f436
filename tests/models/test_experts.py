"""Students of experts: their answers by hand, what does not change them, and how they are kept."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from fluid.artifacts import read_json, write_json
from fluid.errors import ArtifactError, ConfigError, ShapeError
from fluid.models.checkpoint import CARD, load_predictor, save_predictor
from fluid.models.experts import ExpertsPredictor
from fluid.models.experts_spec import ExpertsSpec
from fluid.models.familiarity import familiarity
from fluid.models.prediction import PLANES, entropy
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.substructures import Dictionary
from tests.models.conftest import ENDPOINTS

DICTIONARY = Dictionary(n_bits=64)
ANSWERED = np.array([[True, True], [True, False], [True, True]])


def experts(**settings: float) -> ExpertsPredictor:
    """Return three experts with weights drawn at random; the second does not answer the second endpoint."""
    rng = np.random.default_rng(0)
    there = ANSWERED[:, :, None]
    planes = {
        "weights": rng.normal(size=(3, 2, 64)) * there,
        "bias": rng.normal(size=(3, 2)) * ANSWERED,
        "counts": rng.poisson(3, (3, 2, 64)) * there,
        "noise": rng.uniform(0.1, 1, (3, 2)) * ANSWERED,
        "product_weights": rng.normal(size=(2, 64)),
        "product_bias": rng.normal(size=2),
        "product_variance": rng.uniform(0.01, 0.1, (2, 64)),
        "temperature": np.array([1.5, 1.0]),
    }
    single = {name: plane.astype(np.float32) for name, plane in planes.items()}
    return ExpertsPredictor(("T1", 'B/"2"', "T10"), ENDPOINTS, ANSWERED, DICTIONARY, **single, spec=ExpertsSpec(**settings))  # type: ignore[arg-type]


def test_the_gate_is_the_mean_by_familiarity(molecules: MoleculeSet) -> None:
    student = experts(product=0.0, floor=2.0, sharpness=3.0)
    features = DICTIONARY.features(molecules)
    for t, known in enumerate(ANSWERED.T):
        score = np.stack([features @ student.weights[k, t] + student.bias[k, t] for k in np.flatnonzero(known)])
        weight = np.stack([familiarity(features, student.counts[k, t][None], 2.0)[:, 0] ** 3 for k in np.flatnonzero(known)])
        mean = (weight * score).sum(0) / weight.sum(0)
        noise = (weight * student.noise[known, t][:, None]).sum(0) / weight.sum(0)
        apart = (weight * (score - mean) ** 2).sum(0) / weight.sum(0)
        said = student.predict(molecules)
        np.testing.assert_allclose(said.mean[:, t], expit(mean / 1.5) if t == 0 else mean, rtol=1e-5, atol=1e-6)
        if t == 1:
            np.testing.assert_allclose(said.epistemic[:, t], apart, rtol=1e-4, atol=1e-6)
            np.testing.assert_allclose(said.aleatoric[:, t], noise, rtol=1e-5)


def test_the_product_is_one_additive_model(molecules: MoleculeSet) -> None:
    student = experts(product=1.0)
    features = DICTIONARY.features(molecules)
    score = features @ student.product_weights.T + student.product_bias
    said = student.predict(molecules)
    np.testing.assert_allclose(said.mean[:, 0], expit(score[:, 0] / 1.5), rtol=1e-5)
    np.testing.assert_allclose(said.mean[:, 1], score[:, 1], rtol=1e-5)
    np.testing.assert_allclose(said.epistemic[:, 1], features.power(2) @ student.product_variance[1], rtol=1e-5)


def test_log_odds_are_mixed_in_their_shares(molecules: MoleculeSet) -> None:
    gate, product, both = (experts(product=share).predict(molecules).mean[:, 1] for share in (0.0, 1.0, 0.3))
    np.testing.assert_allclose(both, 0.3 * product + 0.7 * gate, rtol=1e-5, atol=1e-6)


def test_parts_of_the_uncertainty_of_classes_add_up(molecules: MoleculeSet) -> None:
    said = experts().predict(molecules)
    np.testing.assert_allclose(said.epistemic[:, 0] + said.aleatoric[:, 0], entropy(said.mean[:, 0]), atol=1e-5)
    assert (said.epistemic >= 0).all()


def test_an_answer_does_not_depend_on_its_company(molecules: MoleculeSet) -> None:
    student = experts()
    together, alone = student.predict(molecules), student.predict(molecules.take(np.array([2])))
    for plane in PLANES:
        np.testing.assert_allclose(getattr(alone, plane)[0], getattr(together, plane)[2], rtol=1e-6)
    assert len(student.predict(molecules.take(np.array([], dtype=int)))) == 0


def test_it_comes_back_from_its_folder(molecules: MoleculeSet, tmp_path: Path) -> None:
    student = experts(sharpness=2.0)
    save_predictor(tmp_path / "m", student)
    again = load_predictor(tmp_path / "m")
    assert isinstance(again, ExpertsPredictor)
    assert (again.spec, again.teachers, again.dictionary) == (student.spec, student.teachers, DICTIONARY)
    assert np.array_equal(again.answered, ANSWERED)
    for plane in PLANES:
        assert np.array_equal(getattr(again.predict(molecules), plane), getattr(student.predict(molecules), plane))


def test_another_version_of_the_dictionary_is_refused(tmp_path: Path) -> None:
    save_predictor(tmp_path / "m", experts())
    write_json(tmp_path / "m" / CARD, read_json(tmp_path / "m" / CARD) | {"mark": "0" * 64})
    with pytest.raises(ArtifactError, match="it counts the substructures of another dictionary"):
        load_predictor(tmp_path / "m")


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({"weights": np.zeros((3, 2, 8), np.float32)}, ShapeError, r"weights has shape \(3, 2, 8\)"),
        ({"bias": np.zeros((3, 2))}, ShapeError, "bias has shape .* and type float64"),
        ({"answered": ANSWERED.astype(int)}, ShapeError, "answered has shape"),
        ({"answered": ANSWERED & [True, False]}, ConfigError, "no teacher answers endpoint 'logd'"),
        ({"teachers": ("A", "A", "B")}, ConfigError, "teachers are A, A, B; expected different names"),
    ],
)
def test_what_does_not_fit(changes: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        replace(experts(), **changes)
