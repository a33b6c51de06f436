"""Counts of substructures, against RDKit's own, and the public dictionary they belong to."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from fluid.errors import ConfigError
from fluid.molecules import substructures
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.substructures import Dictionary, count_substructures, presence, substructure_counts
from tests.conftest import Library

SMILES = ["CCO", "C", "Oc1ccccc1", "CC(N)=O", "O=S(=O)(N)c1ccc2[nH]ccc2c1", "C[C@H](N)C(=O)O"]
MOLECULES = MoleculeSet.from_smiles(SMILES)
UNUSUAL = [
    "[H][H]", "[2H]O", "[13CH4]", "C", "[Na+].[Cl-]", "F[S](F)(F)(F)(F)F", "C[Si](C)(C)C", "[Fe+2]", "[BH4-]", "[Al+3]", "[C-]#[O+]",
    "C=C=C", "C12C3C4C1C5C2C3C45", "C1CC1C1CC1", "CC.CC.CC", "c1ccc2ccccc2c1", "OC1CCCCCCCCCCC1", "N[C@@H](C)C(=O)" * 25 + "O", "C" * 90,
]  # fmt: skip
"""What graphs do not tell, and what is large, small, symmetric or in pieces."""


@pytest.fixture(scope="module")
def many(library: Library) -> MoleculeSet:
    return MoleculeSet.from_smiles(library.smiles, library.smiles)


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
    assert Dictionary(2, 64).features(MoleculeSet.from_smiles([])).shape == (0, 64)


@pytest.mark.parametrize("radius", [0, 1, 2, 3, 5])
def test_counts_from_graphs_are_those_of_rdkit(radius: int, many: MoleculeSet) -> None:
    for molecules in (MoleculeSet.from_smiles(UNUSUAL, UNUSUAL), many):
        expected = substructure_counts(molecules.smiles, radius, 4096)
        assert (count_substructures(molecules, radius, 4096) != expected).nnz == 0


def test_blocks_do_not_matter(monkeypatch: pytest.MonkeyPatch, many: MoleculeSet) -> None:
    expected = count_substructures(many, 2, 512)
    monkeypatch.setattr(substructures, "BLOCK", 7)
    assert (count_substructures(many, 2, 512) != expected).nnz == 0


def test_most_molecules_are_counted_from_their_graphs(monkeypatch: pytest.MonkeyPatch, many: MoleculeSet) -> None:
    asked: list[int] = []
    counts = substructures.substructure_counts
    monkeypatch.setattr(substructures, "substructure_counts", lambda *given: (asked.append(len(given[0])), counts(*given))[1])
    count_substructures(many, 2, 512)
    assert sum(asked) < 0.01 * len(many)


def test_features_are_logarithms_and_presence_is_ones() -> None:
    features = Dictionary(1, 32).features(MOLECULES)
    np.testing.assert_allclose(features.toarray(), np.log1p(substructure_counts(SMILES, 1, 32).toarray()))
    assert np.array_equal(presence(features).toarray(), features.toarray() > 0)


def test_the_same_molecules_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    counts = substructures.count_substructures
    monkeypatch.setattr(substructures, "count_substructures", lambda *given: (asked.append(len(given[0])), counts(*given))[1])
    dictionary = Dictionary(2, 48)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: dictionary.features(MoleculeSet.from_smiles(SMILES)), range(8)))
    assert asked == [len(SMILES)]
    assert all(one is found[0] for one in found)
    assert dictionary.features(MOLECULES.take(np.arange(2))).shape == (2, 48)
    assert Dictionary(1, 48).features(MOLECULES).shape == (6, 48)
    assert asked == [6, 2, 6]


def test_what_was_asked_for_last_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substructures, "_KEPT", {})
    first = Dictionary(1, 40).features(MOLECULES)
    for n_bits in range(41, 41 + substructures.KEPT - 1):
        Dictionary(1, n_bits).features(MOLECULES)
    assert Dictionary(1, 40).features(MOLECULES) is first
    Dictionary(1, 39).features(MOLECULES)
    assert Dictionary(1, 40).features(MOLECULES) is first
    assert len(substructures._KEPT) == substructures.KEPT


def test_large_sets_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(substructures, "LARGEST", 3)
    dictionary, some, more = Dictionary(2, 56), MOLECULES.take(np.arange(3)), MOLECULES.take(np.arange(4))
    assert dictionary.features(some) is dictionary.features(some)
    assert dictionary.features(more) is not dictionary.features(more)
    np.testing.assert_array_equal(dictionary.features(more).toarray()[:3], dictionary.features(some).toarray())


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
