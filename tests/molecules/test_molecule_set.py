import hashlib

import numpy as np
import pytest

from fluid.errors import ShapeError
from fluid.molecules.molecule_set import MoleculeSet
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
