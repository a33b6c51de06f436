"""Named environments of a whole library, so that any batch of it is numbered in a fraction of a millisecond."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from fluid.molecules.distinct import Names
from fluid.molecules.environments import EnvironmentBatch, LayerBatch, environment_names
from fluid.molecules.features import DEGREE_COLUMN
from fluid.molecules.packed import PackedGraphs, ranges

Layer = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class EnvironmentLibrary:
    """A library whose atoms know the names of their environments.

    Attributes:
        graphs: `M` molecules.
        names: Names of the atoms' environments of radius 0 and up, `ΣN` each; equal names are equal environments.
        degree: Degree of each atom, `(ΣN,)` int64.
        first_edge: Where each atom's edges begin, `(ΣN,)` int64.
    """

    graphs: PackedGraphs
    names: tuple[Names, ...]
    degree: np.ndarray = field(init=False)
    first_edge: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        """Find where each atom's edges lie."""
        degree = self.graphs.atoms[:, DEGREE_COLUMN].astype(np.int64)
        object.__setattr__(self, "degree", degree)
        object.__setattr__(self, "first_edge", np.cumsum(degree) - degree)

    @classmethod
    def of(cls, graphs: PackedGraphs, radius: int, compact: bool = True) -> "EnvironmentLibrary":
        """Name the environments of a library up to a radius; see `Names` for compact ones."""
        return cls(graphs, tuple(Names(names, compact) for names in environment_names(graphs, radius)))

    def __len__(self) -> int:
        return len(self.graphs)

    def batch(self, index: np.ndarray, device: torch.device | str = "cpu") -> EnvironmentBatch:
        """Return the distinct environments of the molecules at `index` (any order, repeats allowed), on a device."""
        graphs = self.graphs
        begin = np.asarray(graphs.atom_offsets[index])
        counts = graphs.atom_offsets[index + 1] - begin
        ptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
        rows, molecule = ranges(begin, counts), np.repeat(np.arange(len(index)), counts)
        first, current = self.names[0].numbered(rows)
        atoms: np.ndarray = graphs.atoms[rows[first]]
        layers: list[Layer] = []
        for names in self.names[1:]:
            first, following = names.numbered(rows)
            layers.append(self._layer(rows[first], current[first], current, ptr[molecule[first]]))
            current = following
        stack = tuple(LayerBatch(*(_tensor(array, device) for array in layer)) for layer in layers)
        return EnvironmentBatch(_tensor(atoms, device), stack, *(_tensor(array, device) for array in (current, molecule, ptr)))

    def _layer(self, atoms: np.ndarray, centre: np.ndarray, current: np.ndarray, start: np.ndarray) -> Layer:
        """Return one radius, from an atom of each environment and where its molecule begins in the batch."""
        counts = self.degree[atoms]
        edges, destination = ranges(self.first_edge[atoms], counts), np.repeat(np.arange(len(atoms)), counts)
        source = current[self.graphs.neighbours[edges].astype(np.int64) + start[destination]]
        return centre, source, self.graphs.bonds[edges], destination


def _tensor(array: np.ndarray, device: torch.device | str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, dtype=np.int64)).to(device, non_blocking=True)


def environment_batch(graphs: PackedGraphs, radius: int, device: torch.device | str = "cpu") -> EnvironmentBatch:
    """Number the distinct environments of some molecules, once, and put them on a device."""
    return EnvironmentLibrary.of(graphs, radius, compact=False).batch(np.arange(len(graphs)), device)
