import numpy as np
import pytest
from rdkit import Chem

from fluid.molecules.features import ATOM_FEATURES, DEGREE_COLUMN, N_BOND_CATEGORIES, bond_category, featurize, smallest_rings

MOLECULES = [
    "C",
    "[Na+]",
    "CCO",
    "c1ccccc1",
    "C[C@H](N)C(=O)O",
    "F/C=C/Cl",
    "C1CC1C#N",
    "O=S(=O)(N)c1ccc2[nH]ccc2c1",
    "C1CCCCCCCCC1",
    "[SiH4]",
]


@pytest.mark.parametrize("smiles", MOLECULES)
def test_counts_and_ranges(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    atoms, neighbours, bonds = featurize(mol)
    assert atoms.shape == (mol.GetNumAtoms(), len(ATOM_FEATURES))
    assert len(neighbours) == len(bonds) == 2 * mol.GetNumBonds()
    assert np.all(atoms < np.array(ATOM_FEATURES))
    assert np.all(bonds < N_BOND_CATEGORIES)


@pytest.mark.parametrize("smiles", MOLECULES)
def test_edges_are_the_bonds_sorted_by_destination(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    atoms, neighbours, bonds = featurize(mol)
    destination = np.repeat(np.arange(len(atoms)), atoms[:, DEGREE_COLUMN])
    pairs = list(zip(destination.tolist(), neighbours.tolist(), strict=True))
    assert pairs == sorted(pairs)
    for (end, begin), category in zip(pairs, bonds, strict=True):
        assert bond_category(mol.GetBondBetweenAtoms(begin, end)) == category


def test_ring_sizes() -> None:
    mol = Chem.MolFromSmiles("C1CC1CC1CCCCC1")
    sizes = smallest_rings(mol)
    assert sizes == [1, 1, 1, 0, 4, 4, 4, 4, 4, 4]
    assert smallest_rings(Chem.MolFromSmiles("C1CCCCCCCCC1")) == [7] * 10


def test_different_atoms_and_bonds_differ() -> None:
    carbon, oxygen = featurize(Chem.MolFromSmiles("CO"))[0]
    assert not np.array_equal(carbon, oxygen)
    categories = {bond_category(Chem.MolFromSmiles(s).GetBondWithIdx(0)) for s in ("CC", "C=C", "C#C", "c1ccccc1", "C1CC1")}
    assert len(categories) == 5
    trans, cis = (featurize(Chem.MolFromSmiles(s))[2] for s in ("F/C=C/F", "F/C=C\\F"))
    assert not np.array_equal(trans, cis)
