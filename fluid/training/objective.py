"""The training objective: one loss for classification columns, one for regression columns, averaged over endpoints."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fluid.data.endpoints import Endpoint
from fluid.distillation.losses import LOSSES, gaussian_nll
from fluid.errors import ConfigError
from fluid.models.network import Output

SOFT_LABEL_LOSSES = ("soft_bce", "kl_distillation", "mse_logits")


class Objective(nn.Module):
    """Weighted mean loss over endpoints.

    Classification columns use the named soft-label loss (hard labels are soft labels of 0 and 1), regression columns
    the Gaussian negative log-likelihood with the network's own variance (Kendall & Gal, arXiv:1703.04977, eq. 8).

    Args:
        endpoints: The `T` endpoints, in column order.
        loss: Name of the classification loss.
        temperature: Softening temperature of a loss that has one.

    Raises:
        ConfigError: The loss is unknown.
    """

    classes: Tensor
    values: Tensor

    def __init__(self, endpoints: Sequence[Endpoint], loss: str = "soft_bce", temperature: float = 1.0) -> None:
        super().__init__()
        if loss not in SOFT_LABEL_LOSSES:
            raise ConfigError(f"unknown loss {loss!r}", expected="one of " + ", ".join(SOFT_LABEL_LOSSES))
        self.loss, self.options = LOSSES[loss], {"temperature": temperature} if loss == "kl_distillation" else {}
        kinds = [endpoint.kind == "classification" for endpoint in endpoints]
        self.n_endpoints = len(kinds)
        self.register_buffer("classes", torch.tensor([i for i, kind in enumerate(kinds) if kind], dtype=torch.long))
        self.register_buffer("values", torch.tensor([i for i, kind in enumerate(kinds) if not kind], dtype=torch.long))

    def forward(self, output: Output, target: Tensor, weight: Tensor) -> Tensor:
        """Return the scalar loss of a batch; NaN targets do not count."""
        total = output.mean.new_zeros(())
        for columns, loss in ((self.classes, self._classification), (self.values, self._regression)):
            if len(columns):
                total = total + loss(output, target, weight, columns) * (len(columns) / self.n_endpoints)
        return total

    def _classification(self, output: Output, target: Tensor, weight: Tensor, columns: Tensor) -> Tensor:
        return self.loss(output.mean[:, columns], target[:, columns], weight=weight[:, columns], **self.options)

    def _regression(self, output: Output, target: Tensor, weight: Tensor, columns: Tensor) -> Tensor:
        return gaussian_nll(output.mean[:, columns], output.log_variance[:, columns], target[:, columns], weight=weight[:, columns])
