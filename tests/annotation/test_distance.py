import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator
from scipy.spatial.distance import cdist

from fluid.annotation.distance import DistanceScorer, closeness, feature_bits, span
from fluid.errors import ConfigError

PRIVATE = ["CCO", "CCN", "c1ccccc1O", "CC(=O)O", "c1ccncc1", "CCCCl", "CC#N", "COC"]
ASKED = ["CCO", "c1ccccc1N", "CCCCCCCC(=O)NC"]


def rdkit_bits(smiles: list[str]) -> np.ndarray:
    invariants = rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
    make = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048, atomInvariantsGenerator=invariants)
    return np.stack([make.GetFingerprintAsNumPy(Chem.MolFromSmiles(text)) for text in smiles]).astype(float)


@pytest.mark.parametrize("k", [1, 3, 8, 100])
def test_distances_are_those_of_scipy_on_rdkits_feature_fingerprints(k: int) -> None:
    theirs = np.sort(cdist(rdkit_bits(ASKED), rdkit_bits(PRIVATE)), axis=1)[:, :k].mean(axis=1)
    ours = DistanceScorer(feature_bits(PRIVATE), k).distances(ASKED)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)
    assert ours.dtype == np.float32


def test_a_private_molecule_is_at_no_distance_and_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = DistanceScorer(feature_bits(PRIVATE), 1)
    whole = scorer.distances(PRIVATE + ASKED)
    assert not whole[: len(PRIVATE)].any()
    monkeypatch.setattr("fluid.annotation.distance.QUERIES", 2)
    np.testing.assert_array_equal(scorer.distances(PRIVATE + ASKED), whole)
    assert scorer.distances([]).shape == (0,)


def test_one_scale_for_all_teachers() -> None:
    distance = np.array([[2.0, 4.0], [6.0, 3.0]], dtype=np.float32)
    assert span(distance) == (2.0, 6.0)
    np.testing.assert_allclose(closeness(distance, span(distance)), [[1.0, 0.5], [0.0, 0.75]])
    np.testing.assert_array_equal(closeness(np.array([1.0, 9.0]), (2.0, 6.0)), [1.0, 0.0])
    np.testing.assert_array_equal(closeness(distance, (2.0, 2.0)), 1.0)


def test_what_cannot_be() -> None:
    with pytest.raises(ConfigError, match="distance_k is 0 of 8 molecules"):
        DistanceScorer(feature_bits(PRIVATE), 0)
    with pytest.raises(ConfigError, match="of 0 molecules"):
        DistanceScorer(feature_bits([]), 3)
