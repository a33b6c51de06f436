from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ConfigError
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.forest import ForestPredictor
from fluid.models.prediction import PLANES, Prediction, as_prediction, classification_prediction
from fluid.models.predictor import ForestSpec
from fluid.models.similarity_guided import SimilarityGuided, mix_predictions
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import nearest_similarity

CLASS, VALUE = np.array([True]), np.array([False])
ENDPOINTS = (Endpoint.parse("active"),)


def random(seed: int, n: int = 40) -> Prediction:
    return classification_prediction(np.random.default_rng(seed).uniform(0.01, 0.99, size=(5, n, 1)))


@dataclass(frozen=True)
class Fixed:
    """Says the same of every molecule."""

    value: float
    endpoints: tuple[Endpoint, ...] = ENDPOINTS

    def predict(self, molecules: MoleculeSet) -> Prediction:
        plane = np.full((len(molecules), len(self.endpoints)), self.value)
        return as_prediction(plane, plane / 10, plane / 20)


@pytest.fixture(scope="module")
def molecules() -> MoleculeSet:
    smiles = ["CCO", "c1ccccc1N", "CC(=O)O", "c1ccc2ccccc2c1", "C1CCNCC1", "CCCCN"]
    return MoleculeSet.from_smiles(smiles, [str(i) for i in range(len(smiles))])


@pytest.mark.parametrize(("share", "expected"), [(1.0, 0), (0.0, 1)])
@pytest.mark.parametrize("is_class", [CLASS, VALUE])
def test_the_limits_are_one_model_alone(share: float, expected: int, is_class: np.ndarray) -> None:
    both = random(0), random(1)
    found = mix_predictions(*both, np.full(40, share), is_class)
    for plane in PLANES:
        np.testing.assert_array_equal(getattr(found, plane), getattr(both[expected], plane))


def test_a_mixture_by_hand() -> None:
    own, other = (as_prediction(*(np.full((1, 1), v) for v in values)) for values in ((2.0, 0.1, 0.3), (6.0, 0.5, 0.7)))
    found = mix_predictions(own, other, np.array([0.25]), VALUE)
    assert found.mean.item() == pytest.approx(0.25 * 2 + 0.75 * 6)
    assert found.epistemic.item() == pytest.approx(0.25 * 0.1 + 0.75 * 0.5 + 0.25 * 0.75 * 16)
    assert found.aleatoric.item() == pytest.approx(0.25 * 0.3 + 0.75 * 0.7)


def test_it_is_the_ensemble_of_all_members() -> None:
    members = np.random.default_rng(3).uniform(0.01, 0.99, size=(8, 30, 1))
    halves = [classification_prediction(part) for part in (members[:4], members[4:])]
    found, expected = mix_predictions(*halves, np.full(30, 0.5), CLASS), classification_prediction(members)
    for plane in PLANES:
        np.testing.assert_allclose(getattr(found, plane), getattr(expected, plane), atol=1e-6)


def test_own_molecules_are_answered_by_the_own_model_alone(molecules: MoleculeSet) -> None:
    model = SimilarityGuided(Fixed(0.9), Fixed(0.2), molecules.bits, k=1)
    np.testing.assert_array_equal(model.predict(molecules).mean, Fixed(0.9).predict(molecules).mean)


def test_wholly_foreign_molecules_are_answered_by_the_federated_model_alone(molecules: MoleculeSet) -> None:
    model = SimilarityGuided(Fixed(0.9), Fixed(0.2), np.zeros((3, molecules.bits.shape[1]), dtype=np.uint8))
    np.testing.assert_array_equal(model.predict(molecules).mean, Fixed(0.2).predict(molecules).mean)


@pytest.mark.parametrize("power", [0.5, 1.0, 3.0])
def test_the_share_is_the_similarity_to_a_power(molecules: MoleculeSet, power: float) -> None:
    own = molecules.take(np.array([0, 1, 2]))
    similar = nearest_similarity(molecules.bits, own.bits, 2).astype(float)
    assert similar.max() < 1
    assert len(set(similar.tolist())) > 3
    found = SimilarityGuided(Fixed(1.0), Fixed(0.0), own.bits, k=2, power=power).predict(molecules)
    np.testing.assert_allclose(found.mean[:, 0], similar**power, rtol=1e-6)


def test_columns_follow_the_own_model(molecules: MoleculeSet) -> None:
    a, b = Endpoint.parse("a [x]"), Endpoint.parse("b [x]")

    @dataclass(frozen=True)
    class Columns(Fixed):
        def predict(self, molecules: MoleculeSet) -> Prediction:
            rows = np.tile([float(ord(e.name)) for e in self.endpoints], (len(molecules), 1))
            return as_prediction(rows, rows, rows)

    model = SimilarityGuided(Columns(0, (b, a)), Columns(0, (a, b)), np.zeros_like(molecules.bits))
    assert model.endpoints == (b, a)
    assert model.predict(molecules).mean[0].tolist() == [98.0, 97.0]


def test_impossible_settings_are_refused(molecules: MoleculeSet) -> None:
    with pytest.raises(ConfigError, match="does not answer 'active'"):
        SimilarityGuided(Fixed(1.0), Fixed(0.0, (Endpoint.parse("other"),)), molecules.bits)
    for options in ({"k": 0}, {"power": 0.0}, {"power": float("nan")}):
        with pytest.raises(ConfigError, match="k is .* and power"):
            SimilarityGuided(Fixed(1.0), Fixed(0.0), molecules.bits, **options)  # type: ignore[arg-type]


def test_it_is_saved_and_read_again(molecules: MoleculeSet, tmp_path: Path) -> None:
    labels = np.array([[0], [1], [0], [0], [1], [1]], dtype=np.float32)
    own, other = (ForestPredictor.fit(molecules, labels, ENDPOINTS, ForestSpec(n_trees=n), n, 1) for n in (3, 5))
    model = SimilarityGuided(own, other, molecules.bits[:3], k=2, power=2.0)
    save_predictor(tmp_path / "model", model)
    again = load_predictor(tmp_path / "model")
    assert isinstance(again, SimilarityGuided)
    assert (again.k, again.power) == (2, 2.0)
    np.testing.assert_array_equal(again.predict(molecules).mean, model.predict(molecules).mean)


@pytest.mark.parametrize("name", ["own/forest_0.skops", "federated/model.json", "reference.npy"])
def test_a_changed_or_missing_part_is_refused(molecules: MoleculeSet, tmp_path: Path, name: str) -> None:
    labels = np.array([[0], [1], [0], [0], [1], [1]], dtype=np.float32)
    forest = ForestPredictor.fit(molecules, labels, ENDPOINTS, ForestSpec(n_trees=2), 0, 1)
    save_predictor(tmp_path / "model", SimilarityGuided(forest, forest, molecules.bits))
    file = tmp_path / "model" / name
    content = file.read_bytes()
    file.write_bytes(content + b" ")
    with pytest.raises(ArtifactError, match=f"{name}: a file of the model was altered"):
        load_predictor(tmp_path / "model")
    file.unlink()
    with pytest.raises(ArtifactError, match=f"{name}: a file of the model is missing"):
        load_predictor(tmp_path / "model")
    file.write_bytes(content)
    (tmp_path / "model" / "own" / "extra.bin").write_bytes(b"x")
    with pytest.raises(ArtifactError, match="does not belong to the model"):
        load_predictor(tmp_path / "model")
