"""Learnt embeddings of atom and bond categories."""

import torch
from torch import Tensor, nn

from fluid.molecules.features import ATOM_FEATURES, N_BOND_CATEGORIES


class AtomEmbedding(nn.Module):
    """Sum of one embedding per atom column: `(N, 8)` categories to `(N, D)`.

    All columns share one table with an offset per column, so that a single `EmbeddingBag` serves them.
    """

    offsets: Tensor

    def __init__(self, hidden: int) -> None:
        super().__init__()
        sizes = torch.tensor(ATOM_FEATURES)
        self.register_buffer("offsets", sizes.cumsum(0) - sizes, persistent=False)
        self.table = nn.EmbeddingBag(int(sizes.sum()), hidden, mode="sum")

    def forward(self, atoms: Tensor) -> Tensor:
        """Return the embedding of each atom."""
        embedded: Tensor = self.table(atoms + self.offsets)
        return embedded


def bond_embedding(hidden: int) -> nn.Embedding:
    """Return the table of bond categories."""
    return nn.Embedding(N_BOND_CATEGORIES, hidden)
