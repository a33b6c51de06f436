"""Features of many molecules at once, read from RDKit's binary form of each.

A Python object per atom and per bond costs more than all of RDKit's parsing. `Mol.ToBinary` gives a molecule's atoms, bonds and rings in
one call, and the bytes of many molecules are decoded together. The layout belongs to RDKit and may change with its version: it is tried
on a few molecules first, every flag in it must be a known one, and `fluid.molecules.features` is the reference and the way out.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
from rdkit import Chem

from fluid.molecules.features import BOND_TYPES, ELEMENTS, STEREO_CLASSES, Features, featurize_each

COUNTS, MARK = 20, 29
ATOM_MARK, BOND_MARK, RING_MARKS = 0x01, 0x0B, (0x40, 0x41, 0x42)
ATOM_FLAGS, ATOM_FIELDS, ISOTOPE, HYBRIDIZATION = 0x60, 0x1FE, 8, 3
AROMATIC, CONJUGATED, TYPED, DIRECTED, STEREO = 0x40, 0x20, 0x08, 0x04, 0x02
BOND_FLAGS = AROMATIC | CONJUGATED | TYPED | DIRECTED | STEREO
MAX_ATOMS = 255
PROBES = (
    "CCO", "c1cc[nH]c1C#N", "C[N+](C)(C)CC(=O)[O-]", "F/C=C\\Cl", "N[C@@H](C)C(=O)O", "[13CH4]", "O=C1CC2CC1CC2", "[Na+]", "CC[CH2]",
)  # fmt: skip
FIELD_BYTES = np.array([sum(4 if bit == ISOTOPE else 1 for bit in range(1, 9) if fields >> bit & 1) for fields in range(512)])


def _classes(known: dict[int, int], other: int) -> np.ndarray:
    table = np.full(256, other, dtype=np.uint8)
    table[list(known)] = list(known.values())
    return table


ELEMENT_CLASS = _classes({number: i for i, number in enumerate(ELEMENTS)}, len(ELEMENTS))
BOND_CLASS = _classes({int(kind): i for kind, i in BOND_TYPES.items()}, 4)
STEREO_CLASS = _classes({int(side): i for side, i in STEREO_CLASSES.items()}, 3)


class UnknownLayout(Exception):
    """The bytes are not laid out as this code expects."""


class Records(NamedTuple):
    """Records of all molecules: molecule and position of each, ordered by molecule."""

    owner: np.ndarray
    at: np.ndarray


def _require(holds: np.ndarray) -> None:
    if not holds.all():
        raise UnknownLayout


def _walk(start: np.ndarray, counts: np.ndarray, length: Callable[[np.ndarray], np.ndarray]) -> tuple[Records, np.ndarray]:
    """Step through records of unlike length, the n-th of every molecule at once; return them, and where each molecule's end."""
    at, owners, places = start.copy(), [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    active, step = np.flatnonzero(counts > 0), 0
    while len(active):
        owners.append(active)
        places.append(at[active])
        at[active] += length(at[active])
        step += 1
        active = active[counts[active] > step]
    owner = np.concatenate(owners)
    order = np.argsort(owner, kind="stable")
    return Records(owner[order], np.concatenate(places)[order]), at


def _number(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Read little-endian numbers of 4 bytes."""
    low, second, third, high = (data[at + i].astype(np.int64) for i in range(4))
    number: np.ndarray = low | second << 8 | third << 16 | high << 24
    return number


def _atom_bytes(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    fields = _number(data, at + 2)
    _require((data[at + 1] & ~np.uint8(ATOM_FLAGS)) == 0)
    _require((fields & ~ATOM_FIELDS) == 0)
    size: np.ndarray = 6 + FIELD_BYTES[fields]
    return size


def _bond_bytes(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    flags = data[at + 2]
    _require((flags & ~np.uint8(BOND_FLAGS)) == 0)
    optional = ((flags & TYPED) > 0).astype(np.int64) + ((flags & DIRECTED) > 0)
    size: np.ndarray = 3 + optional + np.where(flags & STEREO, 2 + data[at + 4 + optional].astype(np.int64), 0)
    return size


def _ring_bytes(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    size: np.ndarray = 1 + data[at].astype(np.int64)
    return size


def _atoms(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return element, charge, chirality, hydrogens, hybridisation and aromaticity of atom records, `(N, 6)`."""
    fields, cursor, values = _number(data, at + 2), at + 6, []
    for bit in range(1, 8):
        there = fields >> bit & 1
        values.append(np.where(there, data[cursor], int(Chem.HybridizationType.SP3) if bit == HYBRIDIZATION else 0))
        cursor = cursor + there
    charge, chirality, hybridization, explicit, _, implicit, _ = values
    signed = charge.astype(np.uint8).view(np.int8).astype(np.int64)
    hydrogens = explicit.astype(np.int64) + implicit
    return np.stack(
        [
            ELEMENT_CLASS[data[at]], np.clip(signed + 3, 0, 7), np.minimum(chirality, 4), np.minimum(hydrogens, 5),
            np.minimum(hybridization, 8), (data[at + 1] & AROMATIC) > 0,
        ],
        axis=1,
    )  # fmt: skip


def _bonds(data: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Return the category of bond records, not yet in a ring, `(E / 2,)`."""
    flags = data[at + 2]
    typed, directed = ((flags & flag) > 0 for flag in (TYPED, DIRECTED))
    kind = BOND_CLASS[np.where(typed, data[at + 3], 1)].astype(np.int64)
    side = STEREO_CLASS[np.where(flags & STEREO, data[at + 3 + typed + directed], 0)]
    category: np.ndarray = ((kind * 4 + side) * 2 + ((flags & CONJUGATED) > 0)) * 2
    return category


def _rings(data: np.ndarray, rings: Records, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the class of each atom's smallest ring, `(N,)`, and the names of all ring bonds, sorted."""
    size = data[rings.at].astype(np.int64)
    ring, begin = np.repeat(np.arange(len(size)), size), np.cumsum(size) - size
    place = np.arange(len(ring)) - begin[ring]
    here, following = (data[rings.at[ring] + 1 + p] for p in (place, (place + 1) % size[ring]))
    first = offsets[rings.owner[ring]]
    smallest = np.full(offsets[-1], 8, dtype=np.int64)
    np.minimum.at(smallest, first + here, np.minimum(size[ring] - 2, 7))
    return smallest % 8, np.sort(bond_names(first, here, following))


def bond_names(first_atom: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return a number for each pair of atoms, in either direction, of a molecule whose first atom is known."""
    names: np.ndarray = (first_atom + np.minimum(begin, end)) * MAX_ATOMS + np.maximum(begin, end)
    return names


def _among(names: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return whether each name is among some sorted ones."""
    return np.searchsorted(known, names, "right") > np.searchsorted(known, names, "left")


def decode(data: np.ndarray, start: np.ndarray, stop: np.ndarray) -> Features:
    """Decode the binary forms that lie from `start` to `stop` in a row of bytes that ends with some spare ones.

    Raises:
        UnknownLayout: The bytes are not laid out as this code expects.
    """
    n_atoms, n_bonds = _number(data, start + COUNTS), _number(data, start + COUNTS + 4)
    _require(n_atoms <= MAX_ATOMS)
    _require(data[start + MARK] == ATOM_MARK)
    atoms, end = _walk(start + MARK + 1, n_atoms, partial(_atom_bytes, data))
    _require(data[end] == BOND_MARK)
    bonds, end = _walk(end + 1, n_bonds, partial(_bond_bytes, data))
    _require(np.isin(data[end], RING_MARKS))
    rings, end = _walk(end + 5, _number(data, end + 1), partial(_ring_bytes, data))
    _require(end <= stop)
    offsets = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(n_atoms)])
    smallest, ring_bonds = _rings(data, rings, offsets)
    first, begin, finish = offsets[bonds.owner], data[bonds.at], data[bonds.at + 1]
    category = _bonds(data, bonds.at) + _among(bond_names(first, begin, finish), ring_bonds)
    destination, source = np.concatenate([first + begin, first + finish]), np.concatenate([finish, begin])
    order = np.argsort(destination * MAX_ATOMS + source)
    columns = _atoms(data, atoms.at)
    degree = np.bincount(destination, minlength=offsets[-1])
    table = np.column_stack([columns[:, 0], degree, columns[:, 1:], smallest]).astype(np.uint8)
    return Features(n_atoms, 2 * n_bonds, table, source[order].astype(np.uint16), np.tile(category, 2)[order].astype(np.uint8))


def form_of(mol: Chem.Mol) -> bytes:
    """Return a molecule's binary form."""
    form: bytes = mol.ToBinary(0)
    return form


def _decoded(forms: Sequence[bytes]) -> Features:
    lengths = np.array([len(form) for form in forms], dtype=np.int64)
    try:
        stop = np.cumsum(lengths)
        return decode(np.frombuffer(b"".join(forms) + bytes(16), dtype=np.uint8), stop - lengths, stop)
    except IndexError:
        raise UnknownLayout from None


@cache
def layout_is_known() -> bool:
    """Return whether this version of RDKit lays molecules out as this code expects, found out on a few molecules."""
    mols = [Chem.MolFromSmiles(smiles) for smiles in PROBES]
    try:
        found = _decoded([form_of(mol) for mol in mols])
    except UnknownLayout:
        return False
    return all(np.array_equal(ours, slow) for ours, slow in zip(found, featurize_each(mols), strict=True))


def featurize_forms(forms: Sequence[bytes]) -> Features:
    """Return the features of many molecules from their binary forms, the same as `featurize_each` gives.

    Molecules that cannot be decoded (more than 255 atoms, query features) are found by halving and made again from their form.
    """
    if forms and layout_is_known():
        try:
            return _decoded(forms)
        except UnknownLayout:
            if half := len(forms) // 2:
                return Features.joined([featurize_forms(forms[:half]), featurize_forms(forms[half:])])
    make: Any = Chem.Mol
    return featurize_each([make(form) for form in forms])


def featurize_many(mols: Sequence[Chem.Mol]) -> Features:
    """Return the features of many molecules, the same as `featurize_each` gives."""
    return featurize_forms([form_of(mol) for mol in mols])
