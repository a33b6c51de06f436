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


def naive_row(mol: Chem.Mol, index: int) -> list[int]:
    """Read the categories of one atom off RDKit, column by column."""
    atom = mol.GetAtomWithIdx(index)
    symbols = ["C", "N", "O", "S", "F", "Cl", "Br", "I", "P", "B", "Si", "Se", "H"]
    sizes = [size for size in range(3, 60) if mol.GetRingInfo().IsAtomInRingOfSize(index, size)]
    return [
        symbols.index(atom.GetSymbol()) if atom.GetSymbol() in symbols else 13,
        len(atom.GetNeighbors()),
        {-3: 0, -2: 1, -1: 2, 0: 3, 1: 4, 2: 5, 3: 6}.get(atom.GetFormalCharge(), 7 if atom.GetFormalCharge() > 3 else 0),
        {Chem.CHI_UNSPECIFIED: 0, Chem.CHI_TETRAHEDRAL_CW: 1, Chem.CHI_TETRAHEDRAL_CCW: 2, Chem.CHI_OTHER: 3}.get(atom.GetChiralTag(), 4),
        min(atom.GetTotalNumHs(), 5),
        min(int(atom.GetHybridization()), 8),
        1 if atom.GetIsAromatic() else 0,
        0 if not sizes else 7 if sizes[0] > 8 else sizes[0] - 2,
    ]


@pytest.mark.parametrize("smiles", [*MOLECULES, "[Fe+4]", "[O-2]", "[C-4]", "C1CCCCCCC1", "C1CC2CCC1CC2", "[H][H]", "C[Se]C", "[U]"])
def test_atoms_are_what_rdkit_says(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    assert featurize(mol)[0].tolist() == [naive_row(mol, index) for index in range(mol.GetNumAtoms())]


@pytest.mark.parametrize(
    ("smiles", "kind", "stereo", "conjugated", "ring"),
    [
        ("CC", 0, 0, 0, 0),
        ("C1CC1", 0, 0, 0, 1),
        ("C=C", 1, 0, 0, 0),
        ("C#N", 2, 0, 0, 0),
        ("c1ccccc1", 3, 0, 1, 1),
        ("N->[Fe]", 4, 0, 0, 0),
    ],
)
def test_bond_categories_by_hand(smiles: str, kind: int, stereo: int, conjugated: int, ring: int) -> None:
    bond = Chem.MolFromSmiles(smiles).GetBondWithIdx(0)
    assert bond_category(bond) == 16 * kind + 4 * stereo + 2 * conjugated + ring


@pytest.mark.parametrize(("smiles", "stereo"), [("F/C=C/F", 1), ("F/C=C\\F", 2), ("FC=CF", 0)])
def test_stereo_of_double_bonds_by_hand(smiles: str, stereo: int) -> None:
    (bond,) = [bond for bond in Chem.MolFromSmiles(smiles).GetBonds() if bond.GetBondTypeAsDouble() == 2]
    assert bond_category(bond) == 16 + 4 * stereo


def test_enantiomers_differ_in_one_atom_only() -> None:
    left, right = (featurize(Chem.MolFromSmiles(s))[0] for s in ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"))
    assert np.argwhere(left != right).tolist() == [[1, 3]]


def test_a_molecule_without_bonds() -> None:
    for smiles in ("C", "[Na+]"):
        atoms, neighbours, bonds = featurize(Chem.MolFromSmiles(smiles))
        assert (atoms.shape, neighbours.shape, bonds.shape) == ((1, 8), (0,), (0,))
        assert (atoms.dtype, neighbours.dtype, bonds.dtype) == (np.uint8, np.uint16, np.uint8)
        assert atoms[0, DEGREE_COLUMN] == 0


def test_renumbering_atoms_renumbers_rows_and_edges() -> None:
    mol = Chem.MolFromSmiles("CC(=O)Nc1ccc(O)cc1F")
    order = np.random.default_rng(0).permutation(mol.GetNumAtoms())
    atoms, neighbours, bonds = featurize(mol)
    theirs = featurize(Chem.RenumberAtoms(mol, order.tolist()))
    np.testing.assert_array_equal(theirs[0], atoms[order])
    place = np.argsort(order)  # old number to new

    def edges(part: tuple[np.ndarray, np.ndarray, np.ndarray], number: np.ndarray) -> set[tuple[int, int, int]]:
        ends = np.repeat(np.arange(len(part[0])), part[0][:, DEGREE_COLUMN])
        return {(int(number[a]), int(number[b]), int(c)) for a, b, c in zip(ends, part[1], part[2], strict=True)}

    assert edges(theirs, np.arange(len(order))) == edges((atoms, neighbours, bonds), place)
