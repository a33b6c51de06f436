"""New molecules made of known ones: two halves of two molecules, joined by a bond as each of them had it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

import numpy as np
from rdkit import Chem
from rdkit.Chem import BRICS

from fluid.errors import InputError
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.parse import reparse
from fluid.molecules.prepare import prepare_chunk
from fluid.molecules.standardize import StandardizeSpec

TRIES = 20
"""Joins tried for each molecule that is asked for, at most."""
CHUNK = 1024
CUT, LEAST_CUT = 2, 1000
"""Molecules cut for each that is asked for, and in all, at least, where there are so many."""
_WHERE = 1
"""Atom map number of the atom that stands for the other half."""

Kind = tuple[str, str]
Half = tuple[Chem.Mol, Chem.Mol]


def recombine(molecules: MoleculeSet, n: int, rng: np.random.Generator) -> MoleculeSet:
    """Return `n` new molecules, each made of two of the given ones.

    Every molecule is cut at one of its retrosynthetic bonds (BRICS), drawn at random; two halves of different molecules are joined where
    both cut bonds were of one kind. What comes out is standardised; what is given or was made already does not count.

    Args:
        molecules: Known molecules.
        n: How many are made.
        rng: Draws bonds and halves.

    Raises:
        InputError: So many could not be made of these molecules.

    References:
        Degen, Wegscheid-Gerlach, Zaliani and Rarey, "On the art of compiling and using 'drug-like' chemical fragment spaces",
        ChemMedChem 3, 2008, doi:10.1002/cmdc.200800178 (BRICS).
    """
    made, known = MoleculeSet.from_smiles([]), set(molecules.keys)
    cut = rng.permutation(len(molecules))[: max(CUT * n, LEAST_CUT)]
    joined = islice(joins(halves_of([molecules.smiles[row] for row in cut], rng), rng), n * TRIES)
    while len(made) < n and (chunk := list(islice(joined, CHUNK))):
        found = prepare_chunk(StandardizeSpec(), True, chunk).molecules
        new = {key: place for place, key in enumerate(found.keys) if key not in known}
        known |= new.keys()
        made = made.followed_by([found.take(np.array(list(new.values()), dtype=np.int64))])
    if len(made) < n:
        what = f"of {len(molecules)} transfer molecules only {len(made)} new ones could be made"
        raise InputError(what, expected=f"{n}", remedy="Lower distillation.generated.n.")
    return made.take(np.arange(n))


def halves_of(smiles: Sequence[str], rng: np.random.Generator) -> Mapping[Kind, list[Half]]:
    """Return both halves of each molecule that has a bond to be cut at, by the kind of the bond; the half of the first word comes first."""
    found: dict[Kind, list[Half]] = defaultdict(list)
    for text in smiles:
        mol = reparse(text)
        bonds = list(BRICS.FindBRICSBonds(mol))  # type: ignore[no-untyped-call]
        if bonds:
            kind, halves = cut_at(mol, *bonds[rng.integers(len(bonds))])
            found[kind].append(halves)
    return found


def cut_at(mol: Chem.Mol, atoms: tuple[int, int], words: Kind) -> tuple[Kind, Half]:
    """Return the kind of a bond between two atoms, which is no part of a ring, and the halves that it joins."""
    bond = mol.GetBondBetweenAtoms(*atoms).GetIdx()
    parted = Chem.FragmentOnBonds(mol, [bond], dummyLabels=[(0, 0)])
    members: list[tuple[int, ...]] = []
    halves = Chem.GetMolFrags(parted, asMols=True, sanitizeFrags=False, fragsMolAtomMapping=members)
    for half in halves:
        next(atom for atom in half.GetAtoms() if atom.GetAtomicNum() == 0).SetAtomMapNum(_WHERE)
    first = int(atoms[0] not in members[0])
    pair = (halves[first], halves[1 - first])
    return (words, pair) if words[0] <= words[1] else ((words[1], words[0]), (pair[1], pair[0]))


def joins(halves: Mapping[Kind, list[Half]], rng: np.random.Generator) -> Iterator[str]:
    """Yield SMILES of halves of two molecules, joined, without end; nothing where no two were cut at bonds of one kind."""
    kinds = sorted(kind for kind, found in halves.items() if len(found) > 1)
    if not kinds:
        return
    number = np.array([len(halves[kind]) for kind in kinds])
    while True:
        found = halves[kinds[rng.choice(len(kinds), p=number / number.sum())]]
        first, second = rng.choice(len(found), 2, replace=False)
        yield Chem.MolToSmiles(Chem.molzip(found[first][0], found[second][1]))
