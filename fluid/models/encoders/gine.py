"""Graph isomorphism network with bond features."""

from torch import Tensor, nn
from torch.nn import functional as F

from fluid.models.aggregate import readout, sum_to_nodes
from fluid.models.embedding import AtomEmbedding, bond_embedding
from fluid.molecules.batch import GraphBatch


class GINELayer(nn.Module):
    """`h_i' = h_i + dropout(relu(norm(MLP(h_i + Σ_j relu(h_j + e_ij)))))`.

    The sum is GINE's (Hu et al. 2020, arXiv:1905.12265, sec. 5; ε = 0); residual and batch norm follow common practice.

    Args:
        hidden: Width `D`.
        dropout: Dropout of the update.
    """

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.bonds = bond_embedding(hidden)
        self.mlp = nn.Sequential(nn.Linear(hidden, 2 * hidden), nn.BatchNorm1d(2 * hidden), nn.ReLU(), nn.Linear(2 * hidden, hidden))
        self.norm = nn.BatchNorm1d(hidden)
        self.dropout = dropout

    def aggregate(self, states: Tensor, batch: GraphBatch) -> Tensor:
        """Return `h_i + Σ_j relu(h_j + e_ij)`, `(N, D)`."""
        source, destination = batch.edge_index
        messages = F.relu(states.index_select(0, source) + self.bonds(batch.bonds))
        return states + sum_to_nodes(messages, destination, len(states))

    def forward(self, states: Tensor, batch: GraphBatch) -> Tensor:
        """Return the updated states `(N, D)`."""
        update = F.relu(self.norm(self.mlp(self.aggregate(states, batch))))
        return states + F.dropout(update, self.dropout, self.training)


class GINEEncoder(nn.Module):
    """Atom embedding, `layers` GINE layers, scaled sum and mean of atom states.

    Args:
        hidden: Width of atom states.
        layers: Number of layers.
        dropout: Dropout of each layer.
    """

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.width = 2 * hidden
        self.atoms = AtomEmbedding(hidden)
        self.layers = nn.ModuleList(GINELayer(hidden, dropout) for _ in range(layers))

    def forward(self, batch: GraphBatch) -> Tensor:
        """Return molecule vectors `(B, 2 D)`."""
        states = self.atoms(batch.atoms)
        for layer in self.layers:
            states = layer(states, batch)
        return readout(states, batch.molecule, batch.ptr)
