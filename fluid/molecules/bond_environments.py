"""Distinct environments of directed bonds: what directed-bond message passing needs to compute only once.

After step `l`, the state of the bond `v → w` depends on nothing but the tree of bonds that lead to `v`, up to `l` bonds away and not
back over `w`. In the end an atom's state depends on the bonds that arrive at it.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fluid.molecules.distinct import Names
from fluid.molecules.environments import ODD, mix, sums
from fluid.molecules.features import DEGREE_COLUMN
from fluid.molecules.packed import PackedGraphs, ranges


class BondLayer(NamedTuple):
    """The distinct bonds after one step, in terms of those one step before; int64 tensors on one device.

    Attributes:
        first: Which of the distinct bonds before the first step each is, `(U,)`.
        source: Bonds of the previous step that arrive at its source atom, without its own reverse, `(E',)`.
        destination: Which bond each of these belongs to, `(E',)`, ascending.
    """

    first: Tensor
    source: Tensor
    destination: Tensor


class BondEnvironmentBatch(NamedTuple):
    """`B` molecules as a stack of layers of distinct directed bonds, and of atoms in the end; int64 tensors on one device.

    Attributes:
        atoms: Atom categories of the distinct atoms, `(U0, 8)`.
        start: Source atom (of the distinct ones) of each distinct bond before the first step, `(U1,)`.
        bond: Category of each, `(U1,)`.
        layers: Step 1 and up.
        last: Atom (of the distinct ones) of each distinct atom environment in the end, `(U,)`.
        arriving: Bonds of the last step that arrive at it, `(E',)`.
        destination: Which atom environment each of these belongs to, `(E',)`, ascending.
        environment: Environment of each atom, `(N,)`.
        molecule: Molecule of each atom, `(N,)`, ascending.
        ptr: Where each molecule's atoms begin, `(B + 1,)`.
    """

    atoms: Tensor
    start: Tensor
    bond: Tensor
    layers: tuple[BondLayer, ...]
    last: Tensor
    arriving: Tensor
    destination: Tensor
    environment: Tensor
    molecule: Tensor
    ptr: Tensor


def reverse_edges(source: np.ndarray, destination: np.ndarray) -> np.ndarray:
    """Return the row of each directed edge's opposite; edges are sorted by (destination, source)."""
    return np.lexsort((destination, source))


@dataclass(frozen=True, slots=True, eq=False)
class BondEnvironmentLibrary:
    """A library whose directed bonds know the names of their environments.

    Attributes:
        graphs: `M` molecules.
        steps: Message-passing steps.
        compact: Whether names are compact (see `Names`), for a library that is used often.
        kinds: Names of the atoms alone, `ΣN`.
        names: Names of the directed edges before the first step, after it, and so on, `ΣE` each.
        ends: Names of the atoms in the end, `ΣN`.
    """

    graphs: PackedGraphs
    steps: int
    compact: bool = True
    kinds: Names = field(init=False)
    names: tuple[Names, ...] = field(init=False)
    ends: Names = field(init=False)
    source: np.ndarray = field(init=False)
    reverse: np.ndarray = field(init=False)
    degree: np.ndarray = field(init=False)
    first_edge: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Name all environments."""
        graphs = self.graphs
        degree = graphs.atoms[:, DEGREE_COLUMN].astype(np.int64)
        source = graphs.neighbours.astype(np.int64) + np.repeat(graphs.atom_offsets[:-1], np.diff(graphs.edge_offsets))
        reverse = reverse_edges(source, np.repeat(np.arange(len(degree)), degree))
        kinds = mix(np.ascontiguousarray(graphs.atoms).view(np.uint64).reshape(-1))
        first = mix(kinds[source] * ODD[0] + mix(graphs.bonds.astype(np.uint64) + ODD[0]))
        names = [first]
        for _ in range(self.steps):
            scrambled = mix(names[-1])
            names.append(mix(first * ODD[0] + sums(scrambled, degree)[source] - scrambled[reverse]))
        ends = mix(kinds * ODD[0] + sums(mix(names[-1]), degree))
        kept = partial(Names, compact=self.compact)
        values = (kept(kinds), tuple(map(kept, names)), kept(ends), source, reverse, degree, np.cumsum(degree) - degree)
        for name, value in zip(("kinds", "names", "ends", "source", "reverse", "degree", "first_edge"), values, strict=True):
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.graphs)

    def batch(self, index: np.ndarray, device: torch.device | str = "cpu") -> BondEnvironmentBatch:
        """Return the distinct bonds and atoms of the molecules at `index` (any order, repeats allowed), on a device."""
        graphs = self.graphs
        atoms, edges = (np.asarray(offsets[index]) for offsets in (graphs.atom_offsets, graphs.edge_offsets))
        n_atoms, n_edges = graphs.atom_offsets[index + 1] - atoms, graphs.edge_offsets[index + 1] - edges
        atom_rows, edge_rows = ranges(atoms, n_atoms), ranges(edges, n_edges)
        ptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(n_atoms)])
        molecule = np.repeat(np.arange(len(index)), n_atoms)
        to_atom = (ptr[:-1] - atoms)[np.repeat(np.arange(len(index)), n_edges)]  # from a row of the library to one of the batch
        to_edge = np.repeat(np.cumsum(n_edges) - n_edges - edges, n_edges)
        kind_first, kind = self.kinds.numbered(atom_rows)
        first, current = self.names[0].numbered(edge_rows)
        started = current
        start, bond = kind[self.source[edge_rows[first]] + to_atom[first]], graphs.bonds[edge_rows[first]]
        layers: list[BondLayer] = []
        for names in self.names[1:]:
            first, following = names.numbered(edge_rows)
            rows = edge_rows[first]
            arriving, destination = self._arriving(self.source[rows], self.reverse[rows])
            layers.append(BondLayer(*_tensors(device, started[first], current[arriving + to_edge[first][destination]], destination)))
            current = following
        first, environment = self.ends.numbered(atom_rows)
        arriving, destination = self._arriving(atom_rows[first])
        shift = (np.cumsum(n_edges) - n_edges - edges)[molecule[first]]
        begun = _tensors(device, graphs.atoms[atom_rows[kind_first]], start, bond)
        ended = _tensors(device, kind[first], current[arriving + shift[destination]], destination, environment, molecule, ptr)
        return BondEnvironmentBatch._make([*begun, tuple(layers), *ended])

    def _arriving(self, atoms: np.ndarray, without: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of the edges that arrive at atoms, each without one of them if given, and whose each is."""
        counts = self.degree[atoms]
        rows, owner = ranges(self.first_edge[atoms], counts), np.repeat(np.arange(len(atoms)), counts)
        if without is None:
            return rows, owner
        kept = rows != without[owner]
        return rows[kept], owner[kept]


def _tensors(device: torch.device | str, *arrays: np.ndarray) -> list[Tensor]:
    return [torch.from_numpy(np.ascontiguousarray(array, dtype=np.int64)).to(device, non_blocking=True) for array in arrays]
