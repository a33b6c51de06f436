from collections.abc import Callable

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from fluid.molecules.fingerprints import morgan_bits, morgan_counts, tanimoto
from fluid.molecules.nearest import NearestReference, nearest_similarity
from fluid.molecules.parse import MoleculeRejected

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
    whole = nearest_similarity(query, reference, 3)
    np.testing.assert_allclose(whole, expected, rtol=1e-6)
    monkeypatch.setattr("fluid.molecules.nearest.QUERIES", 4)
    for references in (1, 2, 3):  # blocks of fewer than are asked for, too
        monkeypatch.setattr("fluid.molecules.nearest.REFERENCES", references)
        np.testing.assert_array_equal(nearest_similarity(query, reference, 3), whole)
        np.testing.assert_array_equal(nearest_similarity(query, reference[::-1], 3), whole)
    monkeypatch.setattr("fluid.molecules.nearest.HALF_EXACT", 64)
    np.testing.assert_array_equal(nearest_similarity(query, reference, 3), whole)


@pytest.mark.parametrize("laid_out", [0, 100])
def test_the_nearest_are_those_of_a_full_sort(monkeypatch: pytest.MonkeyPatch, laid_out: int) -> None:
    rng = np.random.default_rng(1)
    query, reference = (rng.integers(0, 256, (n, 16), dtype=np.uint8) for n in (13, 30))
    reference[20:25] = reference[3]  # equally near ones come in their order
    similarity = tanimoto(query, reference)
    expected = np.argsort(-similarity, axis=1, kind="stable")
    for queries, references in ((1024, 256), (4, 7)):
        monkeypatch.setattr("fluid.molecules.nearest.QUERIES", queries)
        monkeypatch.setattr("fluid.molecules.nearest.REFERENCES", references)
        monkeypatch.setattr("fluid.molecules.nearest.LAID_OUT", laid_out)
        for k in (1, 5, 30, 99):
            found = NearestReference(reference).nearest(query, k)
            np.testing.assert_array_equal(found.rows, expected[:, :k])
            np.testing.assert_allclose(found.similarity, np.take_along_axis(similarity, expected[:, :k], axis=1), rtol=1e-6)
        assert NearestReference(reference).nearest(query[:0], 3).rows.shape == (0, 3)
        assert NearestReference(reference[:0]).nearest(query, 3).rows.shape == (13, 0)


def test_few_or_no_references() -> None:
    bits = morgan_bits(SMILES)
    np.testing.assert_allclose(nearest_similarity(bits, bits[:1], 5), tanimoto(bits, bits[:1])[:, 0])
    np.testing.assert_array_equal(nearest_similarity(bits, bits[:0], 3), np.zeros(len(SMILES)))
    np.testing.assert_allclose(nearest_similarity(bits, bits, 1), 1.0)


def test_counts_are_capped_at_255() -> None:
    smiles = "C" * 300
    mol = Chem.MolFromSmiles(smiles)
    theirs = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048).GetCountFingerprintAsNumPy(mol)
    assert theirs.max() > 255
    counts = morgan_counts([smiles])[0]
    assert counts.dtype == np.uint8
    np.testing.assert_array_equal(counts, np.minimum(theirs, 255))


def test_fingerprints_do_not_depend_on_the_order_of_atoms_or_molecules() -> None:
    mol = Chem.MolFromSmiles("C[C@H](N)C(=O)Nc1ccc(O)cc1")
    written = Chem.MolToRandomSmilesVect(mol, 8, randomSeed=1)
    assert len({row.tobytes() for row in morgan_bits(written)}) == 1
    assert len({row.tobytes() for row in morgan_counts(written)}) == 1
    np.testing.assert_array_equal(morgan_bits(SMILES[::-1]), morgan_bits(SMILES)[::-1])


def test_single_atoms_and_no_molecules() -> None:
    assert np.unpackbits(morgan_bits(["C", "[Na+]"]), axis=1).sum(axis=1).tolist() == [1, 1]
    assert morgan_bits([]).shape == (0, 256)
    assert morgan_counts([], n_bits=64).shape == (0, 64)


@pytest.mark.parametrize("make", [morgan_bits, morgan_counts])
def test_broken_smiles_are_refused(make: Callable[..., np.ndarray]) -> None:
    with pytest.raises(MoleculeRejected, match="does not parse as SMILES"):
        make(["C", "C1CC"])
