"""Directed-bond message passing."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluid.models.aggregate import readout, sum_to_nodes
from fluid.models.dropout import dropout
from fluid.models.embedding import AtomEmbedding, bond_embedding
from fluid.molecules.batch import GraphBatch


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
        return atoms.index_select(0, batch.edge_index[0]) + self.bonds(batch.bonds)

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
        return self.norm(readout(final, batch.molecule, batch.ptr))
