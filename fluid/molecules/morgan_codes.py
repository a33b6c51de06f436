"""Morgan environments of many molecules at once, from their packed graphs: the same that RDKit finds one molecule after the other.

To read a SMILES takes longer than all else that an additive model does, and the graphs are there already. Environments, their hash, and
which of them are duplicates are those of RDKit's Morgan generator (connectivity invariants with ring membership, no chirality).
"""

from typing import NamedTuple

import numpy as np

from fluid.molecules.environments import ODD, mix
from fluid.molecules.features import BOND_TYPES, DEGREE_COLUMN, ELEMENTS, types_of
from fluid.molecules.packed import PackedGraphs

GOLDEN = np.uint32(0x9E3779B9)
NUMBERS = np.array([*ELEMENTS, 0], dtype=np.uint32)
"""Atomic number of each class of elements; the last class has no number of its own."""
ORDERS = np.array([1, 2, 3, 12, 0], dtype=np.uint64)
"""RDKit's number of each type of bond; the last type has no number of its own."""
LOWEST, HIGHEST, MOST_HYDROGENS, NEUTRAL = 0, 7, 5, 3
"""Classes of charge and hydrogens in which several values fall, and that of no charge."""
WORD = 64
"""Bonds in a word of a set of bonds."""
ELEMENT, CHARGE, HYDROGENS, RING = 0, 2, 4, 7
"""Columns of the atoms' categories."""


class Edges(NamedTuple):
    """Both directions of every bond, by atom; `E` of them among `N` atoms.

    Attributes:
        source: Neighbour `(E,)` int64.
        destination: Atom `(E,)` int64, ascending.
        slot: Place among the edges of the atom `(E,)` int64.
        order: Type of the bond, shifted by 32 bits `(E,)` uint64.
        own: The bond alone as a set of bonds of its molecule, in words of 64 bits `(W, E)` uint64.
        degree: Edges of each atom `(N,)` int64.
    """

    source: np.ndarray
    destination: np.ndarray
    slot: np.ndarray
    order: np.ndarray
    own: np.ndarray
    degree: np.ndarray


def are_told(graphs: PackedGraphs) -> np.ndarray:
    """Return of which molecules the graphs tell all that the environments depend on but isotopes, `(M,)` bool.

    They do not tell rare elements, large charges, more than four hydrogens, and other than single, double, triple and aromatic bonds.
    Hydrogen atoms are left out too: RDKit does not count them as an atom's hydrogens in all places alike.
    """
    element, charge, hydrogens = (graphs.atoms[:, column] for column in (ELEMENT, CHARGE, HYDROGENS))
    atoms = (
        (element < len(ELEMENTS)) & (element != ELEMENTS.index(1)) & (charge > LOWEST) & (charge < HIGHEST) & (hydrogens < MOST_HYDROGENS)
    )
    told = np.ones(len(graphs), dtype=bool)
    told[molecules_of(graphs.atom_offsets)[~atoms]] = False
    told[molecules_of(graphs.edge_offsets)[types_of(graphs.bonds) >= len(BOND_TYPES)]] = False
    return told


def environment_codes(graphs: PackedGraphs, radius: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the molecule `(X,)` int64 and the code `(X,)` uint32 of all environments of radius 0 to `radius`.

    An atom is out as soon as its environment has the same bonds as another of its molecule that has been found, of which that with the
    lowest code stays.

    Args:
        graphs: `M` molecules that `are_told`.
        radius: Largest radius.
    """
    edges, molecule = edges_of(graphs), molecules_of(graphs.atom_offsets)
    codes, alive = atom_codes(graphs.atoms), edges.degree > 0
    salt, seen = mix(molecule.astype(np.uint64) + ODD[0]), np.empty(0, dtype=np.uint64)
    bonds = np.zeros((len(edges.own), len(codes)), dtype=np.uint64)
    rows, found = [molecule], [codes]
    for layer in range(radius):
        bonds = np.where(alive, widened(bonds, edges), bonds)
        codes = np.where(alive, grown_codes(codes, edges, layer), np.uint32(0))
        atoms = np.flatnonzero(alive)
        names = salt[atoms]
        for word in bonds[:, atoms]:
            names = mix(names + word)
        kept, fresh = first_of_each(names, codes[atoms], seen)
        seen = np.sort(np.concatenate([seen, fresh]))
        alive = np.zeros_like(alive)
        alive[atoms[kept]] = True
        rows.append(molecule[atoms[kept]])
        found.append(codes[atoms[kept]])
    return np.concatenate(rows), np.concatenate(found)


def molecules_of(offsets: np.ndarray) -> np.ndarray:
    """Return the molecule of every atom, or edge, from where those of each molecule begin."""
    return np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))


def combined(codes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return hashes with another value in each, all uint32 (Boost's `hash_combine`)."""
    mixed: np.ndarray = codes ^ (values + GOLDEN + (codes << np.uint32(6)) + (codes >> np.uint32(2)))
    return mixed


def atom_codes(atoms: np.ndarray) -> np.ndarray:
    """Return the codes of the environments of radius 0, `(N,)` uint32, of atom categories `(N, 8)` uint8."""
    hydrogens = atoms[:, HYDROGENS].astype(np.uint32)
    charge = (atoms[:, CHARGE].astype(np.int32) - NEUTRAL).view(np.uint32)
    codes, no_isotope = np.zeros(len(atoms), dtype=np.uint32), np.uint32(0)
    for value in (NUMBERS[atoms[:, ELEMENT]], atoms[:, DEGREE_COLUMN] + hydrogens, hydrogens, charge, no_isotope):
        codes = combined(codes, np.asarray(value))
    return np.where(atoms[:, RING] > 0, combined(codes, np.ones_like(codes)), codes)


def edges_of(graphs: PackedGraphs) -> Edges:
    """Return the edges of all molecules."""
    degree = graphs.atoms[:, DEGREE_COLUMN].astype(np.int64)
    source = graphs.neighbours + np.repeat(graphs.atom_offsets[:-1], np.diff(graphs.edge_offsets))
    destination = np.repeat(np.arange(len(degree)), degree)
    slot = np.arange(len(source)) - np.repeat(np.cumsum(degree) - degree, degree)
    number = bond_numbers(source, destination, molecules_of(graphs.edge_offsets), len(graphs))
    words = np.arange(number.max(initial=0) // WORD + 1)[:, None]
    own = np.where(number // WORD == words, np.uint64(1) << (number % WORD).astype(np.uint64), np.uint64(0))
    return Edges(source, destination, slot, ORDERS[types_of(graphs.bonds)] << np.uint64(32), own, degree)


def bond_numbers(source: np.ndarray, destination: np.ndarray, molecule: np.ndarray, n: int) -> np.ndarray:
    """Return for each edge the number of its bond within its molecule, which both directions share, `(E,)` int64."""
    once = np.flatnonzero(source < destination)
    number = np.arange(len(once)) - np.searchsorted(molecule[once], np.arange(n))[molecule[once]]
    reverse = np.argsort(source, kind="stable")  # edges are sorted by (destination, source), these by (source, destination)
    numbers = np.empty(len(source), dtype=np.int64)
    numbers[once] = numbers[reverse[once]] = number
    return numbers


def grown_codes(codes: np.ndarray, edges: Edges, layer: int) -> np.ndarray:
    """Return the codes of environments that are larger by 1 `(N,)` uint32: from bonds and neighbours' codes in ascending order."""
    table = np.full((len(codes), edges.degree.max(initial=0)), np.iinfo(np.uint64).max)
    table[edges.destination, edges.slot] = edges.order | codes[edges.source]
    table.sort(axis=1)
    grown = combined(np.full(len(codes), layer, dtype=np.uint32), codes)
    for slot, column in enumerate(table.T):
        atoms = np.flatnonzero(edges.degree > slot)
        pair, nothing = column[atoms], np.zeros(len(atoms), dtype=np.uint32)
        hashed = combined(combined(nothing, (pair >> np.uint64(32)).astype(np.uint32)), pair.astype(np.uint32))
        grown[atoms] = combined(grown[atoms], hashed)
    return grown


def widened(bonds: np.ndarray, edges: Edges) -> np.ndarray:
    """Return the bonds of environments `(W, N)` that are larger by 1: the atom's own, and those of its neighbours' environments."""
    wide, bonded = bonds.copy(), np.flatnonzero(edges.degree > 0)
    begins = (np.cumsum(edges.degree) - edges.degree)[bonded]
    for word, own in zip(wide, edges.own, strict=True):
        if len(bonded):
            word[bonded] |= np.bitwise_or.reduceat(word[edges.source] | own, begins)
    return wide


def first_of_each(names: np.ndarray, codes: np.ndarray, seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return one place for each name that was not seen: that of the lowest code, the first of equals; and these names, ascending.

    Args:
        names: `(A,)` uint64.
        codes: `(A,)` uint32.
        seen: Names, ascending.
    """
    if not len(names):
        return np.empty(0, dtype=np.int64), names
    order = np.argsort(names, kind="stable")
    ordered, values = names[order], codes[order]
    begins = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    group = np.cumsum(np.append(True, ordered[1:] != ordered[:-1])) - 1
    lowest = np.flatnonzero(values == np.minimum.reduceat(values, begins)[group])
    first = lowest[np.append(True, group[lowest][1:] != group[lowest][:-1])]
    known = ordered[begins]
    fresh = np.searchsorted(seen, known, side="right") == np.searchsorted(seen, known, side="left")
    return order[first[fresh]], known[fresh]
