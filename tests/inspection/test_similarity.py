"""Against RDKit's own Tanimoto similarity, pair by pair."""

import itertools

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from fluid.inspection.sampling import hashes
from fluid.inspection.similarity import NEAR, MoleculeSample, NearestSoFar, near_pairs
from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.molecule_set import MoleculeSet
from tests.conftest import Library


def filled(smiles: list[str], size: int = 50) -> MoleculeSample:
    sample = MoleculeSample(size)
    molecules, keys = MoleculeSet.from_smiles(smiles), hashes(smiles)
    for start in range(0, len(smiles), 7):
        part = np.arange(start, min(start + 7, len(smiles)))
        sample.add((part + 1).tolist(), molecules.take(part), keys[part], keys[part])
    return sample


def tanimoto(smiles: list[str]) -> np.ndarray:
    make = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    prints = [make.GetFingerprint(Chem.MolFromSmiles(text)) for text in smiles]
    return np.array([DataStructs.BulkTanimotoSimilarity(one, prints) for one in prints])


def test_near_duplicates_are_those_of_rdkit(library: Library) -> None:
    smiles = [*library.smiles[:30], "C" * 10 + "O", "C" * 11 + "O", "C" * 12 + "O"]  # long chains have one fingerprint
    reference = tanimoto(smiles)
    np.fill_diagonal(reference, 0)
    sample = filled(smiles)
    count, pairs = near_pairs(sample, sample.distinct(50))
    assert count == int((reference.max(axis=1) >= NEAR).sum()) > 0
    for pair in pairs:
        one, other = (row - 1 for row in pair.rows)
        assert one < other
        assert pair.similarity == pytest.approx(reference[one, other], abs=1e-4)
        assert pair.smiles == (smiles[one], smiles[other])


def test_a_molecule_that_is_there_twice_is_looked_at_once() -> None:
    sample = filled(["CCO", "CCO", "CCN"])
    assert sample.distinct(10).tolist() == [0, 2]
    assert near_pairs(sample, sample.distinct(10)) == (0, ())
    assert near_pairs(sample, sample.distinct(1)) == (0, ())


def test_a_sample_is_drawn_alike_and_holds_what_belongs_together(library: Library) -> None:
    one, other = (filled(list(library.smiles[:120]), size=20) for _ in range(2))
    assert one.smiles == other.smiles
    assert not one.whole
    assert [library.smiles[row - 1] for row in one.rows] == one.smiles
    assert np.array_equal(one.bits, morgan_bits(one.smiles))
    assert np.array_equal(one.keys, hashes(one.smiles))


def test_the_nearest_so_far_is_the_nearest_of_all(library: Library) -> None:
    bits = morgan_bits(library.smiles[:60])
    nearest = NearestSoFar(bits[:20])
    for start in range(20, 60, 9):
        nearest.add(bits[start : start + 9])
    nearest.add(bits[:0])
    expected = tanimoto(list(library.smiles[:60]))[:20, 20:].max(axis=1)
    assert nearest.similarity == pytest.approx(expected, abs=1e-6)


def test_pairs_are_each_named_once() -> None:
    sample = filled(["C" * length for length in range(8, 14)])
    _, pairs = near_pairs(sample, sample.distinct(50))
    assert len({pair.rows for pair in pairs}) == len(pairs)
    assert set(pair.rows for pair in pairs) <= set(itertools.combinations(range(1, 7), 2))
