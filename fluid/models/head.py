"""The head: from molecule vectors to logits, values and variances."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluid.models.dropout import dropout


class Head(nn.Module):
    """Two-layer perceptron with dropout: per endpoint a logit or value, and a log-variance (used for values only).

    Args:
        width: Size of molecule vectors.
        hidden: Hidden units.
        n_endpoints: Number of endpoints `T`.
        dropout: Dropout of the hidden units.
        outputs: Numbers per endpoint.
    """

    def __init__(self, width: int, hidden: int, n_endpoints: int, dropout: float, outputs: int = 2) -> None:
        super().__init__()
        self.hidden, self.out, self.dropout = nn.Linear(width, hidden), nn.Linear(hidden, outputs * n_endpoints), dropout

    def forward(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """Return logits or values `(B, T)` and log-variances `(B, T)`, and what else the head says."""
        return self._out(dropout(F.relu(self.hidden(vectors)), self.dropout, self.training))

    def sample(self, vectors: Tensor, generator: torch.Generator, n: int) -> tuple[Tensor, ...]:
        """Return `n` MC-dropout samples (Gal & Ghahramani 2016, arXiv:1506.02142), `(n, B, T)` each.

        One mask over hidden units per sample, the same for all molecules: an answer does not depend on the batch it came in.
        """
        units = F.relu(self.hidden(vectors))
        keep = torch.rand(n, 1, units.shape[1], generator=generator) >= self.dropout
        return self._out(units * keep.to(units.device, units.dtype) / (1 - self.dropout))

    def _out(self, units: Tensor) -> tuple[Tensor, ...]:
        mean, log_variance = self.out(units).chunk(2, dim=-1)
        return mean, log_variance.clamp(-8.0, 8.0)
