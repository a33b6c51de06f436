import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from fluid.molecules.fingerprints import morgan_bits, morgan_counts, nearest_similarity, tanimoto

SMILES = ["CCO", "c1ccccc1O", "CC(=O)Nc1ccc(O)cc1", "C1CCCCC1", "NCC(=O)O", "C"]


@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("radius", [1, 2, 3])
def test_bits_and_counts_are_those_of_rdkit(radius: int, features: bool) -> None:
    invariants = rdFingerprintGenerator.GetMorganFeatureAtomInvGen() if features else rdFingerprintGenerator.GetMorganAtomInvGen(True)
    make = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=1024, atomInvariantsGenerator=invariants)
    bits, counts = morgan_bits(SMILES, radius, 1024, features), morgan_counts(SMILES, radius, 1024, features)
    for row, smiles in enumerate(SMILES):
        mol = Chem.MolFromSmiles(smiles)
        np.testing.assert_array_equal(np.unpackbits(bits[row]), make.GetFingerprintAsNumPy(mol))
        np.testing.assert_array_equal(counts[row], make.GetCountFingerprintAsNumPy(mol))


def test_tanimoto_is_that_of_rdkit() -> None:
    make = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    theirs = [make.GetFingerprint(Chem.MolFromSmiles(smiles)) for smiles in SMILES]
    expected = [DataStructs.BulkTanimotoSimilarity(one, theirs) for one in theirs]
    np.testing.assert_allclose(tanimoto(morgan_bits(SMILES), morgan_bits(SMILES)), expected, atol=1e-6)


def test_empty_fingerprints_have_similarity_zero() -> None:
    nothing = np.zeros((1, 8), dtype=np.uint8)
    assert tanimoto(nothing, nothing) == 0


def test_nearest_similarity_is_the_mean_of_the_k_largest(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    query, reference = (rng.integers(0, 256, (n, 16), dtype=np.uint8) for n in (13, 9))
    expected = np.sort(tanimoto(query, reference), axis=1)[:, -3:].mean(axis=1)
    np.testing.assert_allclose(nearest_similarity(query, reference, 3), expected, rtol=1e-6)
    monkeypatch.setattr("fluid.molecules.fingerprints.CHUNK", 4)
    np.testing.assert_allclose(nearest_similarity(query, reference, 3), expected, rtol=1e-6)


def test_few_or_no_references() -> None:
    bits = morgan_bits(SMILES)
    np.testing.assert_allclose(nearest_similarity(bits, bits[:1], 5), tanimoto(bits, bits[:1])[:, 0])
    np.testing.assert_array_equal(nearest_similarity(bits, bits[:0], 3), np.zeros(len(SMILES)))
    np.testing.assert_allclose(nearest_similarity(bits, bits, 1), 1.0)
