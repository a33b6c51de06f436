from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fluid.errors import ArtifactError, ConfigError
from fluid.models.checkpoint import load_predictor, save_predictor
from fluid.models.cross_fit import CrossFit, dealt
from fluid.models.neighbours import NeighbourPredictor, NeighbourSpec
from fluid.models.prediction import PLANES
from fluid.molecules.molecule_set import MoleculeSet
from tests.models.conftest import ENDPOINTS, SMILES


def constant(active: float, endpoints: tuple = ENDPOINTS) -> NeighbourPredictor:
    """Return a model that says the same of every molecule."""
    said = np.array([[active, 1.0][: len(endpoints)]], dtype=np.float32)
    return NeighbourPredictor(
        MoleculeSet.from_smiles(("C",)).bits, said, np.ones_like(said), endpoints, NeighbourSpec(similarity_power=0.0)
    )


@pytest.fixture
def models(molecules: MoleculeSet) -> CrossFit:
    fold_of = {one: 2 for one in molecules.skeletons[:3]}
    return CrossFit((constant(0.1), constant(0.5), constant(0.9)), fold_of, "digest", 0.7)


def test_a_molecule_is_answered_by_its_model_and_others_in_turn(models: CrossFit, molecules: MoleculeSet) -> None:
    expected = [2, 2, 2, *(dealt(one, 3) for one in molecules.skeletons[3:])]
    assert models.folds(molecules.skeletons).tolist() == expected
    np.testing.assert_allclose(models.predict(molecules).mean[:, 0], np.array([0.1, 0.5, 0.9])[expected], rtol=1e-6)


def test_the_order_of_molecules_does_not_matter(models: CrossFit, molecules: MoleculeSet) -> None:
    order = np.arange(len(SMILES))[::-1]
    for plane in PLANES:
        np.testing.assert_array_equal(
            getattr(models.predict(molecules.take(order)), plane), getattr(models.predict(molecules), plane)[order]
        )


def test_molecules_are_dealt_evenly() -> None:
    counts = Counter(dealt(f"MOLECULE{number}", 5) for number in range(5000))
    assert sorted(counts) == [0, 1, 2, 3, 4]
    assert max(counts.values()) < 1.1 * min(counts.values())


def test_what_is_written_answers_the_same(models: CrossFit, molecules: MoleculeSet, tmp_path: Path) -> None:
    save_predictor(tmp_path / "model", models)
    found = load_predictor(tmp_path / "model")
    assert isinstance(found, CrossFit)
    assert (found.fold_of, found.transfer_digest, found.similarity) == (models.fold_of, "digest", 0.7)
    np.testing.assert_array_equal(found.predict(molecules).mean, models.predict(molecules).mean)
    file = next((tmp_path / "model" / "fold1").glob("*.npz"), None) or next((tmp_path / "model" / "fold1").iterdir())
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(ArtifactError):
        load_predictor(tmp_path / "model")


def test_models_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"1 models cannot be cross-fitted; expected two or more"):
        CrossFit((constant(0.1),), {}, "", 0.7)
    with pytest.raises(ConfigError, match="of the same endpoints"):
        CrossFit((constant(0.1), constant(0.1, ENDPOINTS[:1])), {}, "", 0.7)
    with pytest.raises(ConfigError, match="by a model that is not there"):
        CrossFit((constant(0.1), constant(0.2)), {"A": 2}, "", 0.7)
