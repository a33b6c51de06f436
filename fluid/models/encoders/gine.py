"""Graph isomorphism network with bond features."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluid.models.aggregate import readout, readout_of, sum_to_nodes
from fluid.models.blocks import blocks
from fluid.models.dropout import dropout
from fluid.models.embedding import AtomEmbedding, bond_embedding
from fluid.molecules.batch import GraphBatch
from fluid.molecules.environment_library import EnvironmentLibrary
from fluid.molecules.environments import EnvironmentBatch, LayerBatch
from fluid.molecules.packed import PackedGraphs


def fold_norm(linear: Any, norm: Any) -> tuple[Tensor, Tensor]:
    """Return weight and bias of a linear layer followed by a batch norm in evaluation mode, as one linear layer.

    Args:
        linear: An `nn.Linear`.
        norm: The `nn.BatchNorm1d` after it.
    """
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return linear.weight * scale.unsqueeze(1), (linear.bias - norm.running_mean) * scale + norm.bias


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
        self.mlp = nn.Sequential(
            nn.Linear(hidden, 2 * hidden), nn.BatchNorm1d(2 * hidden), nn.ReLU(inplace=True), nn.Linear(2 * hidden, hidden)
        )
        self.norm = nn.BatchNorm1d(hidden)
        self.dropout = dropout

    def aggregate(self, states: Tensor, batch: GraphBatch) -> Tensor:
        """Return `h_i + Σ_j relu(h_j + e_ij)`, `(N, D)`."""
        source, destination = batch.edge_index
        messages = F.relu_(states.index_select(0, source).add_(self.bonds(batch.bonds)))
        return states + sum_to_nodes(messages, destination, len(states))

    def forward(self, states: Tensor, batch: GraphBatch) -> Tensor:
        """Return the updated states `(N, D)`."""
        return states + dropout(self.update(self.aggregate(states, batch)), self.dropout, self.training)

    def update(self, summed: Tensor) -> Tensor:
        """Return `relu(norm(MLP(·)))`; in evaluation mode the batch norms are folded into the linear layers."""
        if self.training:
            return F.relu_(self.norm(self.mlp(summed)))
        hidden = F.relu_(F.linear(summed, *fold_norm(self.mlp[0], self.mlp[1])))
        return F.relu_(F.linear(hidden, *fold_norm(self.mlp[3], self.norm)))

    def on_environments(self, states: Tensor, layer: LayerBatch) -> Tensor:
        """Return the states `(U, D)` of the distinct environments one radius larger."""
        if not self.training:
            return self._in_blocks(states, layer)
        centre = states.index_select(0, layer.centre)
        messages = F.relu_(states.index_select(0, layer.source).add_(self.bonds(layer.bond)))
        summed = centre.index_add(0, layer.destination, messages)
        return centre + dropout(self.update(summed), self.dropout, self.training)

    def _in_blocks(self, states: Tensor, layer: LayerBatch) -> Tensor:
        """Return the same in evaluation mode, a block of environments at a time."""
        first, second = fold_norm(self.mlp[0], self.mlp[1]), fold_norm(self.mlp[3], self.norm)
        result = states.new_empty(len(layer.centre), states.shape[1])
        for start, stop, begin, end in blocks(layer.destination, len(layer.centre)):
            centre = states.index_select(0, layer.centre[start:stop])
            messages = F.relu_(states.index_select(0, layer.source[begin:end]).add_(self.bonds(layer.bond[begin:end])))
            summed = centre.index_add(0, layer.destination[begin:end] - start, messages)
            update = F.relu_(F.linear(F.relu_(F.linear(summed, *first)), *second))
            if torch.is_grad_enabled():
                result[start:stop] = centre + update
            else:
                torch.add(centre, update, out=result[start:stop])
        return result


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

    def environments(self, graphs: PackedGraphs, compact: bool = True) -> EnvironmentLibrary:
        """Name the distinct environments of a library that this encoder tells apart."""
        return EnvironmentLibrary.of(graphs, len(self.layers), compact)

    @property
    def environment_key(self) -> tuple[str, int]:
        """Encoders of one key read the same environments."""
        return "atoms", len(self.layers)

    def on_environments(self, batch: EnvironmentBatch) -> Tensor:
        """Return molecule vectors `(B, 2 D)`, computing each distinct environment once.

        In evaluation mode they equal those of `forward` up to rounding. In training, batch statistics are taken over distinct
        environments, and atoms of one environment share their dropout: another regulariser, equally accurate (`docs/log.md`).
        """
        states = self.atoms(batch.atoms)
        for layer, arrays in zip(self.layers, batch.layers, strict=True):
            states = cast(GINELayer, layer).on_environments(states, arrays)
        return readout_of(states, batch.environment, batch.molecule, batch.ptr)
