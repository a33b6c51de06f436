"""Sums over edges and atoms.

`index_add_` on sorted destinations was the fastest primitive that gives the same bits at every run on a CPU (see
`docs/log.md`); on CUDA it adds in no fixed order.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

SUM_SCALE = 20.0
"""Typical heavy atoms per molecule: keeps the summed readout near unit size."""


def sum_to_nodes(messages: Tensor, destination: Tensor, n_nodes: int) -> Tensor:
    """Add messages `(E, D)` up at their destinations, `(N, D)`; a node without messages gets 0."""
    return messages.new_zeros(n_nodes, messages.shape[1]).index_add_(0, destination, messages)


def readout(states: Tensor, molecule: Tensor, ptr: Tensor) -> Tensor:
    """Return scaled sum and mean of atom states per molecule, `(B, 2 D)`."""
    return _sum_and_mean(sum_to_nodes(states, molecule, ptr.numel() - 1), ptr)


def readout_of(states: Tensor, environment: Tensor, molecule: Tensor, ptr: Tensor) -> Tensor:
    """Return the readout of atoms that share states, `(B, 2 D)`: `environment` `(N,)` says which of `states` `(U, D)` an atom has.

    Without gradients on a CPU, the states are summed where they lie instead of being copied for every atom.
    """
    if states.requires_grad or states.device.type != "cpu" or ptr.numel() < 2:
        return readout(states.index_select(0, environment), molecule, ptr)
    return _sum_and_mean(F.embedding_bag(environment, states, ptr[:-1], mode="sum"), ptr)


def _sum_and_mean(total: Tensor, ptr: Tensor) -> Tensor:
    count = (ptr[1:] - ptr[:-1]).clamp(min=1).unsqueeze(1).to(total.dtype)
    return torch.cat([total / SUM_SCALE, total / count], dim=1)
