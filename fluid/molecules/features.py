"""Categorical features of atoms and bonds, one byte each."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rdkit import Chem

ELEMENTS = (6, 7, 8, 16, 9, 17, 35, 53, 15, 5, 14, 34, 1)
DEGREE_COLUMN = 1
ATOM_FEATURES: tuple[int, ...] = (len(ELEMENTS) + 1, 256, 8, 5, 6, 9, 2, 8)
"""Number of values of each atom column: element, degree, charge, chirality, hydrogens, hybridisation, aromatic, smallest ring."""
MAX_DEGREE = 255
BOND_TYPES = {Chem.BondType.SINGLE: 0, Chem.BondType.DOUBLE: 1, Chem.BondType.TRIPLE: 2, Chem.BondType.AROMATIC: 3}
STEREO_CLASSES = {Chem.BondStereo.STEREONONE: 0, Chem.BondStereo.STEREOE: 1, Chem.BondStereo.STEREOZ: 2}
N_BOND_CATEGORIES = 5 * 4 * 2 * 2


class Features(NamedTuple):
    """Arrays of `M` molecules, one after the other.

    Attributes:
        n_atoms: Atoms of each molecule, `(M,)` int64.
        n_edges: Directed edges of each molecule, `(M,)` int64.
        atoms: Atom categories, `(ΣN, 8)` uint8.
        neighbours: Source atom of each directed edge within its molecule, `(ΣE,)` uint16; sorted by (destination, source).
        bonds: Bond category of each directed edge, `(ΣE,)` uint8.
    """

    n_atoms: np.ndarray
    n_edges: np.ndarray
    atoms: np.ndarray
    neighbours: np.ndarray
    bonds: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence["Features"]) -> "Features":
        """Return the molecules of all parts."""
        return cls(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def atom_row(atom: Chem.Atom, ring_size: int) -> tuple[int, ...]:
    """Return the categories of one atom, one per column of `ATOM_FEATURES`; what is unknown falls in the last class."""
    number = atom.GetAtomicNum()
    return (
        ELEMENTS.index(number) if number in ELEMENTS else len(ELEMENTS),
        atom.GetDegree(),
        min(max(atom.GetFormalCharge() + 3, 0), 7),
        min(int(atom.GetChiralTag()), 4),
        min(atom.GetTotalNumHs(), 5),
        min(int(atom.GetHybridization()), 8),
        int(atom.GetIsAromatic()),
        ring_size,
    )


def bond_category(bond: Chem.Bond) -> int:
    """Return type × stereo × conjugated × in ring as one number below `N_BOND_CATEGORIES`."""
    stereo = STEREO_CLASSES.get(bond.GetStereo(), 3)
    kind = BOND_TYPES.get(bond.GetBondType(), 4)
    return ((kind * 4 + stereo) * 2 + bond.GetIsConjugated()) * 2 + bond.IsInRing()


def types_of(categories: np.ndarray) -> np.ndarray:
    """Return the types of bonds, by `BOND_TYPES`, from their categories; 4 is any other type."""
    types: np.ndarray = categories // (N_BOND_CATEGORIES // 5)
    return types


def smallest_rings(mol: Chem.Mol) -> list[int]:
    """Return per atom the class of its smallest ring: 0 none, 1 to 6 for sizes 3 to 8, 7 larger."""
    classes = [0] * mol.GetNumAtoms()
    for ring in sorted(mol.GetRingInfo().AtomRings(), key=len, reverse=True):
        for index in ring:
            classes[index] = min(len(ring) - 2, 7)
    return classes


def featurize(mol: Chem.Mol) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return one molecule's arrays.

    Returns:
        Atom categories `(N, 8)` uint8; source atom of each directed edge `(E,)` uint16, and its bond category `(E,)` uint8. Edges
        are sorted by destination, then source.
    """
    rings = smallest_rings(mol)
    atoms = np.array([atom_row(atom, rings[atom.GetIdx()]) for atom in mol.GetAtoms()], dtype=np.uint8).reshape(-1, len(ATOM_FEATURES))
    edges = []
    for bond in mol.GetBonds():
        begin, end, category = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), bond_category(bond)
        edges += [(end, begin, category), (begin, end, category)]
    table = np.array(sorted(edges), dtype=np.int64).reshape(-1, 3)
    return atoms, table[:, 1].astype(np.uint16), table[:, 2].astype(np.uint8)


def featurize_each(mols: Sequence[Chem.Mol]) -> Features:
    """Return the features of many molecules, one by one: readable and slow."""
    counts = np.zeros(0, dtype=np.int64)
    parts = [Features(counts, counts, np.empty((0, len(ATOM_FEATURES)), np.uint8), np.empty(0, np.uint16), np.empty(0, np.uint8))]
    for mol in mols:
        atoms, neighbours, bonds = featurize(mol)
        parts.append(Features(np.array([len(atoms)]), np.array([len(bonds)]), atoms, neighbours, bonds))
    return Features.joined(parts)
