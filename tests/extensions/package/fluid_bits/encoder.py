"""An encoder that counts atoms and knows nothing of bonds."""

from torch import Tensor, nn

from fluid.models.aggregate import readout
from fluid.models.embedding import AtomEmbedding
from fluid.molecules.batch import GraphBatch


class BagEncoder(nn.Module):
    """Sum and mean of embedded atoms, after some layers for each atom alone."""

    def __init__(self, hidden: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.width = 2 * hidden
        self.atoms = AtomEmbedding(hidden)
        self.layers = nn.Sequential(*(nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout)) for _ in range(layers)))

    def forward(self, batch: GraphBatch) -> Tensor:
        """Return molecule vectors `(B, width)`."""
        return readout(self.layers(self.atoms(batch.atoms)), batch.molecule, batch.ptr)
