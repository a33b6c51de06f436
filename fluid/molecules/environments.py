"""Distinct atom environments of a chunk of molecules: what a message-passing network needs to compute only once.

After layer `l` of message passing, an atom's state depends on nothing but its environment of radius `l`: the atom with all
atoms and bonds up to `l` bonds away, as seen along the messages. Drug-like molecules share most of their small environments.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from fluid.molecules.features import DEGREE_COLUMN
from fluid.molecules.packed import PackedGraphs

ODD = tuple(np.uint64(value) for value in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


@dataclass(frozen=True, slots=True)
class EnvironmentLayer:
    """The distinct environments of one radius, in terms of those one radius smaller.

    Attributes:
        centre: Environment of the centre atom at the previous radius, `(U,)` int64.
        source: Environment of each neighbour at the previous radius, `(E',)` int64.
        bond: Category of the bond to each neighbour, `(E',)` int64.
        destination: Which environment each neighbour belongs to, `(E',)` int64, ascending.
    """

    centre: np.ndarray
    source: np.ndarray
    bond: np.ndarray
    destination: np.ndarray


@dataclass(frozen=True, slots=True)
class Environments:
    """A chunk of `M` molecules as a stack of layers of distinct environments.

    Attributes:
        atoms: Atom categories of the distinct environments of radius 0, `(U0, 8)` uint8.
        layers: Radius 1 and up.
        environment: Environment of each atom at the largest radius, `(N,)` int64.
        molecule: Molecule of each atom, `(N,)` int64, ascending.
        ptr: Where each molecule's atoms begin, `(M + 1,)` int64.
    """

    atoms: np.ndarray
    layers: tuple[EnvironmentLayer, ...]
    environment: np.ndarray
    molecule: np.ndarray
    ptr: np.ndarray


def mix(values: np.ndarray) -> np.ndarray:
    """Scramble 64-bit numbers (the finaliser of SplitMix64, Steele et al. 2014, doi:10.1145/2660193.2660195)."""
    values = (values ^ (values >> np.uint64(30))) * ODD[1]
    values = (values ^ (values >> np.uint64(27))) * ODD[2]
    return values ^ (values >> np.uint64(31))


def _sums(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum consecutive runs of 64-bit numbers, modulo 2⁶⁴."""
    total = np.concatenate([np.zeros(1, dtype=np.uint64), np.cumsum(values, dtype=np.uint64)])
    ends = np.cumsum(counts)
    return total[ends] - total[ends - counts]


def _numbered(names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each distinct name first occurs, and the number of each name, in order of first occurrence."""
    number, distinct = pd.factorize(names)
    first = np.empty(len(distinct), dtype=np.int64)
    first[number[::-1]] = np.arange(len(names) - 1, -1, -1)
    return first, number


def distinct_environments(graphs: PackedGraphs, radius: int) -> Environments:
    """Number the distinct environments of radius 0 to `radius`.

    Environments are told apart by 64-bit hashes; with a million different ones the chance of any mix-up is below 10⁻⁷.

    Args:
        graphs: `M` molecules.
        radius: Largest radius: the number of message-passing layers.
    """
    degree = graphs.atoms[:, DEGREE_COLUMN].astype(np.int64)
    atoms_per = np.diff(graphs.atom_offsets)
    molecule = np.repeat(np.arange(len(graphs)), atoms_per)
    source = graphs.neighbours.astype(np.int64) + np.repeat(graphs.atom_offsets[:-1], np.diff(graphs.edge_offsets))
    bond = mix(graphs.bonds.astype(np.uint64) + ODD[0])
    first_edge = np.cumsum(degree) - degree
    name = mix(np.ascontiguousarray(graphs.atoms).view(np.uint64).reshape(-1))
    first, current = _numbered(name)
    atoms, layers = np.asarray(graphs.atoms[first]), []
    for _ in range(radius):
        name = mix(name * ODD[0] + _sums(mix(name[source] + bond), degree))
        first, following = _numbered(name)
        counts = degree[first]
        ends = np.cumsum(counts)
        edges = np.arange(ends[-1] if len(ends) else 0) + np.repeat(first_edge[first] - (ends - counts), counts)
        layers.append(
            EnvironmentLayer(
                current[first], current[source[edges]], graphs.bonds[edges].astype(np.int64), np.repeat(np.arange(len(first)), counts)
            )
        )
        current = following
    return Environments(atoms, tuple(layers), current, molecule, np.asarray(graphs.atom_offsets))


class LayerBatch(NamedTuple):
    """The arrays of an `EnvironmentLayer` as int64 tensors on one device."""

    centre: Tensor
    source: Tensor
    bond: Tensor
    destination: Tensor


class EnvironmentBatch(NamedTuple):
    """The arrays of `Environments` as int64 tensors on one device."""

    atoms: Tensor
    layers: tuple[LayerBatch, ...]
    environment: Tensor
    molecule: Tensor
    ptr: Tensor


def environment_batch(graphs: PackedGraphs, radius: int, device: torch.device | str = "cpu") -> EnvironmentBatch:
    """Number the distinct environments of some molecules and put them on a device."""

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array.astype(np.int64, copy=False)).to(device)

    found = distinct_environments(graphs, radius)
    layers = tuple(LayerBatch(*(tensor(getattr(layer, name)) for name in LayerBatch._fields)) for layer in found.layers)
    return EnvironmentBatch(tensor(found.atoms), layers, tensor(found.environment), tensor(found.molecule), tensor(np.array(found.ptr)))
