"""Counts of substructures, against RDKit's own, and the public dictionary they belong to."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from fluid.errors import ConfigError
from fluid.molecules import substructures
from fluid.molecules.substructures import Dictionary, presence, substructure_counts

SMILES = ["CCO", "C", "Oc1ccccc1", "CC(N)=O", "O=S(=O)(N)c1ccc2[nH]ccc2c1", "C[C@H](N)C(=O)O"]


def test_counts_are_those_of_the_sparse_fingerprint_folded() -> None:
    make = rdFingerprintGenerator.GetMorganGenerator(radius=2)
    found = substructure_counts(SMILES, 2, 64)
    for row, text in enumerate(SMILES):
        expected = np.zeros(64)
        for environment, count in make.GetSparseCountFingerprint(Chem.MolFromSmiles(text)).GetNonzeroElements().items():
            expected[environment % 64] += count
        assert found[[row]].toarray()[0].tolist() == expected.tolist()


def test_no_molecules() -> None:
    assert substructure_counts([], 2, 64).shape == (0, 64)
    assert Dictionary(2, 64).features([]).shape == (0, 64)


def test_features_are_logarithms_and_presence_is_ones() -> None:
    features = Dictionary(1, 32).features(SMILES)
    np.testing.assert_allclose(features.toarray(), np.log1p(substructure_counts(SMILES, 1, 32).toarray()))
    assert np.array_equal(presence(features).toarray(), features.toarray() > 0)


def test_the_same_molecules_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    counts = substructures.substructure_counts
    monkeypatch.setattr(substructures, "substructure_counts", lambda *given: (asked.append(len(given[0])), counts(*given))[1])
    dictionary, smiles = Dictionary(2, 48), SMILES[::-1]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: dictionary.features(list(smiles)), range(8)))
    assert asked == [len(smiles)]
    assert all(one is found[0] for one in found)
    assert dictionary.features(smiles[:2]).shape == (2, 48)
    assert Dictionary(1, 48).features(smiles).shape == (6, 48)
    assert asked == [6, 2, 6]


def test_large_sets_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substructures, "LARGEST", 3)
    dictionary = Dictionary(2, 56)
    assert dictionary.features(SMILES[:3]) is dictionary.features(SMILES[:3])
    assert dictionary.features(SMILES[:4]) is not dictionary.features(SMILES[:4])
    np.testing.assert_array_equal(dictionary.features(SMILES[:4]).toarray()[:3], dictionary.features(SMILES[:3]).toarray())


def test_a_mark_tells_dictionaries_apart() -> None:
    marks = {one.mark for one in (Dictionary(), Dictionary(1), Dictionary(2, 4096), Dictionary(2))}
    assert len(marks) == 4
    assert Dictionary(3, 16384).mark == Dictionary().mark


def test_a_mark_sees_another_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    substructures._mark.cache_clear()
    before = Dictionary(2, 80).mark
    counts = substructures.substructure_counts
    monkeypatch.setattr(substructures, "substructure_counts", lambda *given: counts(*given)[:, ::-1])
    substructures._mark.cache_clear()
    assert Dictionary(2, 80).mark != before
    substructures._mark.cache_clear()


@pytest.mark.parametrize(("radius", "n_bits"), [(-1, 64), (2, 4)])
def test_dictionaries_that_cannot_be(radius: int, n_bits: int) -> None:
    with pytest.raises(ConfigError, match=f"the dictionary has radius {radius} and {n_bits} columns; expected 0 or more, and 8 or more"):
        Dictionary(radius, n_bits)
