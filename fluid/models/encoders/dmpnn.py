"""Directed-bond message passing."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluid.models.aggregate import readout, readout_of, sum_to_nodes
from fluid.models.blocks import blocks
from fluid.models.dropout import dropout
from fluid.models.embedding import AtomEmbedding, bond_embedding
from fluid.molecules.batch import GraphBatch
from fluid.molecules.bond_environments import BondEnvironmentBatch, BondEnvironmentLibrary, BondLayer
from fluid.molecules.packed import PackedGraphs


class DMPNNEncoder(nn.Module):
    r"""States live on directed bonds, and a message never returns along the bond it came by.

    `m_vw = Σ_{k ∈ N(v) \ w} h_kv`, `h_vw' = relu(h⁰_vw + W m_vw)`, and finally `h_v = relu(W_a [x_v, Σ_k h_kv])`
    (Yang et al. 2019, doi:10.1021/acs.jcim.9b00237, eqs. 3 to 6). The sum over all but one bond is the sum over all minus that one.

    Args:
        hidden: Width of bond states.
        layers: Message-passing steps.
        dropout: Dropout of each step.
    """

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.width, self.steps, self.dropout = 2 * hidden, layers, dropout
        self.atoms, self.bonds = AtomEmbedding(hidden), bond_embedding(hidden)
        self.message = nn.Linear(hidden, hidden, bias=False)
        self.update = nn.Linear(2 * hidden, hidden)
        self.norm = nn.BatchNorm1d(2 * hidden)

    def initial(self, atoms: Tensor, batch: GraphBatch) -> Tensor:
        """Return `h⁰` of each directed bond from its source atom and bond category, `(E, D)`."""
        initial: Tensor = atoms.index_select(0, batch.edge_index[0]) + self.bonds(batch.bonds)
        return initial

    def step(self, states: Tensor, first: Tensor, batch: GraphBatch) -> Tensor:
        """Return the bond states after one step, `(E, D)`."""
        source, destination = batch.edge_index
        arriving = sum_to_nodes(states, destination, len(batch.atoms))
        message = arriving.index_select(0, source) - states.index_select(0, batch.reverse)
        return dropout(F.relu(first + self.message(message)), self.dropout, self.training)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Return molecule vectors `(B, 2 D)`."""
        atoms = self.atoms(batch.atoms)
        first = self.initial(atoms, batch)
        states = F.relu(first)
        for _ in range(self.steps):
            states = self.step(states, first, batch)
        arrived = sum_to_nodes(states, batch.edge_index[1], len(atoms))
        final = dropout(F.relu(self.update(torch.cat([atoms, arrived], dim=1))), self.dropout, self.training)
        vectors: Tensor = self.norm(readout(final, batch.molecule, batch.ptr))
        return vectors

    def environments(self, graphs: PackedGraphs, compact: bool = True) -> BondEnvironmentLibrary:
        """Name the distinct directed bonds of a library that this encoder tells apart."""
        return BondEnvironmentLibrary(graphs, self.steps, compact)

    @property
    def environment_key(self) -> tuple[str, int]:
        """Encoders of one key read the same environments."""
        return "bonds", self.steps

    def on_environments(self, batch: BondEnvironmentBatch) -> Tensor:
        """Return molecule vectors `(B, 2 D)`, computing each distinct directed bond once; equal to those of `forward` up to rounding.

        In training, bonds of one environment share their dropout.
        """
        atoms = self.atoms(batch.atoms)
        first = atoms.index_select(0, batch.start) + self.bonds(batch.bond)
        states = F.relu(first)
        for layer in batch.layers:
            states = self._step(states, first, layer)
        vectors: Tensor = self.norm(readout_of(self._final(atoms, states, batch), batch.environment, batch.molecule, batch.ptr))
        return vectors

    def _step(self, states: Tensor, first: Tensor, layer: BondLayer) -> Tensor:
        """Return the states `(U, D)` of the distinct bonds after one more step."""
        parts = []
        for start, stop, begin, end in blocks(layer.destination, len(layer.first)):
            arriving = states.index_select(0, layer.source[begin:end])
            message = sum_to_nodes(arriving, layer.destination[begin:end] - start, stop - start)
            parts.append(
                dropout(F.relu_(first.index_select(0, layer.first[start:stop]) + self.message(message)), self.dropout, self.training)
            )
        return torch.cat(parts)

    def _final(self, atoms: Tensor, states: Tensor, batch: BondEnvironmentBatch) -> Tensor:
        """Return the states `(U, D)` of the distinct atoms in the end."""
        parts = []
        for start, stop, begin, end in blocks(batch.destination, len(batch.last)):
            arriving = states.index_select(0, batch.arriving[begin:end])
            arrived = sum_to_nodes(arriving, batch.destination[begin:end] - start, stop - start)
            joined = torch.cat([atoms.index_select(0, batch.last[start:stop]), arrived], dim=1)
            parts.append(dropout(F.relu_(self.update(joined)), self.dropout, self.training))
        return torch.cat(parts)
