"""Sums over edges and atoms.

`index_add_` on sorted destinations was the fastest primitive that gives the same bits at every run on a CPU (see
`docs/log.md`); on CUDA it adds in no fixed order.
"""

import torch
from torch import Tensor

SUM_SCALE = 20.0
"""Typical heavy atoms per molecule: keeps the summed readout near unit size."""


def sum_to_nodes(messages: Tensor, destination: Tensor, n_nodes: int) -> Tensor:
    """Add messages `(E, D)` up at their destinations, `(N, D)`; a node without messages gets 0."""
    return messages.new_zeros(n_nodes, messages.shape[1]).index_add_(0, destination, messages)


def readout(states: Tensor, molecule: Tensor, ptr: Tensor) -> Tensor:
    """Return scaled sum and mean of atom states per molecule, `(B, 2 D)`."""
    total = sum_to_nodes(states, molecule, ptr.numel() - 1)
    count = (ptr[1:] - ptr[:-1]).clamp(min=1).unsqueeze(1).to(states.dtype)
    return torch.cat([total / SUM_SCALE, total / count], dim=1)
