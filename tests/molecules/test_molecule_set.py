import hashlib

import numpy as np
import pytest
from rdkit import Chem

from fluid.errors import InputError, ShapeError
from fluid.molecules.fingerprints import morgan_bits
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.packed import FILES
from fluid.molecules.standardize import StandardizeSpec, standardize

SMILES = ("CCO", "C", "Oc1ccccc1", "CC(N)=O")


def test_keys_are_computed_when_not_given() -> None:
    assert MoleculeSet.from_smiles(SMILES).keys == tuple(standardize(s, StandardizeSpec()).key for s in SMILES)


def test_the_digest_is_that_of_the_molecules_in_order() -> None:
    molecules = MoleculeSet.from_smiles(SMILES)
    assert molecules.digest == hashlib.sha256("\n".join(SMILES).encode()).hexdigest()
    assert molecules.take(np.array([1, 0, 2, 3])).digest != molecules.digest


def test_chunks_put_together_are_the_set() -> None:
    molecules = MoleculeSet.from_smiles(SMILES)
    chunks = list(molecules.chunks(3))
    assert [len(chunk) for chunk in chunks] == [3, 1]
    assert sum((chunk.smiles for chunk in chunks), ()) == SMILES
    np.testing.assert_array_equal(np.concatenate([chunk.bits for chunk in chunks]), molecules.bits)


def test_parts_must_have_equal_length() -> None:
    molecules = MoleculeSet.from_smiles(SMILES)
    with pytest.raises(ShapeError, match="3 smiles, 4 keys"):
        MoleculeSet(molecules.smiles[:3], molecules.keys, molecules.graphs, molecules.bits)


@pytest.mark.parametrize("index", [[], [2], [3, 0, 3], [1, 0, 2, 3]])
def test_taken_molecules_are_those_featurised_alone(index: list[int]) -> None:
    taken = MoleculeSet.from_smiles(SMILES).take(np.array(index, dtype=np.int64))
    alone = MoleculeSet.from_smiles([SMILES[i] for i in index])
    assert (taken.smiles, taken.keys, taken.digest) == (alone.smiles, alone.keys, alone.digest)
    np.testing.assert_array_equal(taken.bits, alone.bits)
    for name in FILES:
        np.testing.assert_array_equal(getattr(taken.graphs, name), getattr(alone.graphs, name))


def test_graphs_and_fingerprints_are_those_of_the_smiles() -> None:
    molecules = MoleculeSet.from_smiles(SMILES, ("k1", "k2", "k3", "k4"))
    assert molecules.keys == ("k1", "k2", "k3", "k4")
    assert np.diff(molecules.graphs.atom_offsets).tolist() == [Chem.MolFromSmiles(smiles).GetNumAtoms() for smiles in SMILES]
    np.testing.assert_array_equal(molecules.bits, morgan_bits(SMILES))


def test_an_empty_set() -> None:
    molecules = MoleculeSet.from_smiles(())
    assert len(molecules) == 0
    assert list(molecules.chunks(3)) == []
    assert molecules.digest == hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(("size", "lengths"), [(1, [1, 1, 1, 1]), (4, [4]), (99, [4])])
def test_chunks_of_any_size(size: int, lengths: list[int]) -> None:
    assert [len(chunk) for chunk in MoleculeSet.from_smiles(SMILES).chunks(size)] == lengths


def test_broken_smiles_are_named() -> None:
    with pytest.raises(
        InputError, match=r"molecule 2: 'C1CC' cannot be featurised \(does not parse as SMILES\); expected standardised SMILES"
    ):
        MoleculeSet.from_smiles(("C", "C1CC"), ("a", "b"))
