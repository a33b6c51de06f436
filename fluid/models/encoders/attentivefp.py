"""AttentiveFP: graph attention over atoms, then over the molecule, with gated recurrent updates."""

from torch import Tensor, nn
from torch_geometric.nn.models import AttentiveFP

from fluid.models.embedding import AtomEmbedding, bond_embedding
from fluid.molecules.batch import GraphBatch

TIMESTEPS = 2


class AttentiveFPEncoder(nn.Module):
    """PyG's AttentiveFP (Xiong et al. 2020, doi:10.1021/acs.jmedchem.9b00959) on embedded categories.

    Args:
        hidden: Width of atom states.
        layers: Attention layers over atoms.
        dropout: Dropout of each layer.
    """

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.width = hidden
        self.atoms, self.bonds = AtomEmbedding(hidden), bond_embedding(hidden)
        self.attention = AttentiveFP(hidden, hidden, hidden, edge_dim=hidden, num_layers=layers, num_timesteps=TIMESTEPS, dropout=dropout)

    def forward(self, batch: GraphBatch) -> Tensor:
        """Return molecule vectors `(B, D)`."""
        if batch.n_molecules == 0:
            return self.bonds.weight.new_zeros(0, self.width)
        vectors: Tensor = self.attention(self.atoms(batch.atoms), batch.edge_index, self.bonds(batch.bonds), batch.molecule)
        return vectors
