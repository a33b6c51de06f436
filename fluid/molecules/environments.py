"""Distinct atom environments of a chunk of molecules: what a message-passing network needs to compute only once.

After layer `l` of message passing, an atom's state depends on nothing but its environment of radius `l`: the atom with all
atoms and bonds up to `l` bonds away, as seen along the messages. Drug-like molecules share most of their small environments.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from torch import Tensor

from fluid.molecules.features import DEGREE_COLUMN
from fluid.molecules.packed import PackedGraphs

ODD = tuple(np.uint64(value) for value in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def mix(values: np.ndarray) -> np.ndarray:
    """Scramble 64-bit numbers (the finaliser of SplitMix64, Steele et al. 2014, doi:10.1145/2660193.2660195)."""
    values = (values ^ (values >> np.uint64(30))) * ODD[1]
    values = (values ^ (values >> np.uint64(27))) * ODD[2]
    mixed: np.ndarray = values ^ (values >> np.uint64(31))
    return mixed


def sums(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum consecutive runs of 64-bit numbers, modulo 2⁶⁴."""
    total = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])
    ends = np.cumsum(counts)
    sum_of_run: np.ndarray = total[ends] - total[ends - counts]
    return sum_of_run


def environment_names(graphs: PackedGraphs, radius: int) -> Iterator[np.ndarray]:
    """Yield for each radius from 0 on the 64-bit name of every atom's environment, `(N,)` uint64.

    A name hashes the atom's smaller environment and the multiset of its bonds and neighbours' smaller environments. With a million
    different environments the chance that any two share a name is below 10⁻⁷.

    Args:
        graphs: `M` molecules.
        radius: Largest radius.
    """
    degree = graphs.atoms[:, DEGREE_COLUMN].astype(np.int64)
    source = graphs.neighbours.astype(np.int64) + np.repeat(graphs.atom_offsets[:-1], np.diff(graphs.edge_offsets))
    bond = mix(graphs.bonds.astype(np.uint64) + ODD[0])
    name = mix(np.ascontiguousarray(graphs.atoms).view(np.uint64).reshape(-1))
    yield name
    for _ in range(radius):
        name = mix(name * ODD[0] + sums(mix(name[source] + bond), degree))
        yield name


class LayerBatch(NamedTuple):
    """The distinct environments of one radius, in terms of those one radius smaller; int64 tensors on one device.

    Attributes:
        centre: Environment of the centre atom at the previous radius, `(U,)`.
        source: Environment of each neighbour at the previous radius, `(E',)`.
        bond: Category of the bond to each neighbour, `(E',)`.
        destination: Which environment each neighbour belongs to, `(E',)`, ascending.
    """

    centre: Tensor
    source: Tensor
    bond: Tensor
    destination: Tensor


class EnvironmentBatch(NamedTuple):
    """`B` molecules as a stack of layers of distinct environments; int64 tensors on one device.

    Attributes:
        atoms: Atom categories of the distinct environments of radius 0, `(U0, 8)`.
        layers: Radius 1 and up.
        environment: Environment of each atom at the largest radius, `(N,)`.
        molecule: Molecule of each atom, `(N,)`, ascending.
        ptr: Where each molecule's atoms begin, `(B + 1,)`.
    """

    atoms: Tensor
    layers: tuple[LayerBatch, ...]
    environment: Tensor
    molecule: Tensor
    ptr: Tensor
