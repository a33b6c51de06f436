"""Batches of graphs by index arithmetic: no Python loop over molecules, on any device."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from fluid.molecules.features import DEGREE_COLUMN
from fluid.molecules.packed import PackedGraphs


class GraphBatch(NamedTuple):
    """`B` molecular graphs as one disconnected graph.

    Attributes:
        atoms: Atom categories, `(N, 8)` int64.
        edge_index: Source and destination of each directed edge, `(2, E)` int64, sorted by destination.
        bonds: Bond category of each directed edge, `(E,)` int64.
        reverse: Index of the opposite directed edge, `(E,)` int64.
        molecule: Molecule of each atom, `(N,)` int64, ascending.
        ptr: Where each molecule's atoms begin, `(B + 1,)` int64.
    """

    atoms: Tensor
    edge_index: Tensor
    bonds: Tensor
    reverse: Tensor
    molecule: Tensor
    ptr: Tensor

    @property
    def n_molecules(self) -> int:
        """Number of molecules `B`."""
        return self.ptr.numel() - 1


@dataclass(frozen=True, slots=True)
class GraphTensors:
    """The arrays of `PackedGraphs` as tensors on one device."""

    atom_offsets: Tensor
    edge_offsets: Tensor
    atoms: Tensor
    neighbours: Tensor
    bonds: Tensor

    def __len__(self) -> int:
        return self.atom_offsets.numel() - 1

    @classmethod
    def from_packed(cls, graphs: PackedGraphs, device: torch.device | str = "cpu") -> "GraphTensors":
        """Copy packed graphs to a device; neighbours become int32, since torch supports uint16 only in part."""
        arrays = (graphs.atom_offsets, graphs.edge_offsets, graphs.atoms, graphs.neighbours.astype(np.int32), graphs.bonds)
        return cls(*(torch.from_numpy(np.array(array)).to(device) for array in arrays))


def _rows(offsets: Tensor, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the flat rows of the molecules at `index`, which molecule of the batch each belongs to, and the batch offsets."""
    begin, counts = offsets[index], offsets[index + 1] - offsets[index]
    ptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
    owner = torch.repeat_interleave(counts)
    rows = torch.arange(len(owner), device=index.device) + (begin - ptr[:-1])[owner]
    return rows, owner, ptr


def gather(graphs: GraphTensors, index: Tensor) -> GraphBatch:
    """Return the molecules at `index` as one batch.

    Args:
        graphs: The library.
        index: Molecules, `(B,)` int64 on the library's device; any order, repeats allowed, may be empty.
    """
    atom_rows, molecule, ptr = _rows(graphs.atom_offsets, index)
    edge_rows, edge_owner, _ = _rows(graphs.edge_offsets, index)
    atoms = graphs.atoms[atom_rows].long()
    destination = torch.repeat_interleave(atoms[:, DEGREE_COLUMN])
    source = graphs.neighbours[edge_rows].long() + ptr[edge_owner]
    # edges are sorted by (destination, source): ranking them by (source, destination) finds each one's opposite
    reverse = torch.argsort(source * max(len(atoms), 1) + destination)
    return GraphBatch(atoms, torch.stack([source, destination]), graphs.bonds[edge_rows].long(), reverse, molecule, ptr)
