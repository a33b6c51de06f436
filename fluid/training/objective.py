"""The training objective: one loss for classification columns, one for regression columns, averaged over endpoints."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from fluid.data.endpoints import Endpoint
from fluid.distillation import elements
from fluid.distillation.distiller import DistillationLoss
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.losses import filled, weighted_mean
from fluid.models.network import Output


class Objective(nn.Module):
    """Weighted mean loss over endpoints.

    Classification columns use the soft-label loss that the spec names (hard labels are soft labels of 0 and 1), regression columns
    its loss of values: by default the Gaussian negative log-likelihood with the network's own variance (Kendall & Gal,
    arXiv:1703.04977, eq. 8).

    Args:
        endpoints: The `T` endpoints, in column order.
        loss: Which losses; default: cross-entropy and Gaussian likelihood.
    """

    classes: Tensor
    values: Tensor

    def __init__(self, endpoints: Sequence[Endpoint], loss: LossSpec | None = None) -> None:
        super().__init__()
        self.of_classes, self.of_values = DistillationLoss(loss, "classification"), DistillationLoss(loss, "regression")
        kinds = [endpoint.kind == "classification" for endpoint in endpoints]
        self.n_endpoints = len(kinds)
        self.register_buffer("classes", torch.tensor([i for i, kind in enumerate(kinds) if kind], dtype=torch.long))
        self.register_buffer("values", torch.tensor([i for i, kind in enumerate(kinds) if not kind], dtype=torch.long))

    def forward(
        self,
        output: Output,
        target: Tensor,
        weight: Tensor,
        hard: Tensor | None = None,
        variance: Tensor | None = None,
        alpha: float = 1.0,
    ) -> Tensor:
        """Return the scalar loss of a batch; NaN targets do not count.

        Args:
            output: What the network says.
            target: Hard or soft labels or values, `(B, T)`.
            weight: Weights `(B, T)`.
            hard: Measured labels beside soft ones, `(B, T)`, or `None`.
            variance: Variance of the targets, `(B, T)`, or `None`.
            alpha: Share of the measured labels' loss where there are any.
        """
        total = output.mean.new_zeros(())
        for columns, loss in ((self.classes, self.of_classes), (self.values, self.of_values)):
            if len(columns):
                said, spread, measured = (None if p is None else p[:, columns] for p in (output.log_variance, variance, hard))
                value = loss.unchecked(output.mean[:, columns], target[:, columns], weight[:, columns], said, spread, measured, alpha)
                total = total + value * (len(columns) / self.n_endpoints)
        return total


class HeadsObjective(nn.Module):
    """Loss of a network of heads: `L(answers) + λ L(domain scores)`.

    Every answer of every teacher counts alike, by the loss that the spec names; domain scores are soft labels of a binary cross-entropy,
    averaged over molecules and teachers, so that `λ` needs no change with their number.

    Args:
        endpoints: The columns: answers, then the domain scores.
        loss: Which losses for the answers.
        n_domains: How many of the last columns are domain scores.
        domain_weight: `λ`, 0 or more.
    """

    def __init__(self, endpoints: Sequence[Endpoint], loss: LossSpec, n_domains: int, domain_weight: float) -> None:
        super().__init__()
        self.n_answers, self.domain_weight = len(endpoints) - n_domains, domain_weight
        self.of_answers = Objective(endpoints[: self.n_answers], loss)

    def forward(
        self,
        output: Output,
        target: Tensor,
        weight: Tensor,
        hard: Tensor | None = None,
        variance: Tensor | None = None,
        alpha: float = 1.0,
    ) -> Tensor:
        """Return the scalar loss of a batch; NaN targets do not count. Arguments as in `Objective`."""
        n = self.n_answers
        said = Output(output.mean[:, :n], output.log_variance[:, :n])
        measured, spread = (None if plane is None else plane[:, :n] for plane in (hard, variance))
        answers: Tensor = self.of_answers(said, target[:, :n], weight[:, :n], measured, spread, alpha)
        domains = elements.bce(output.mean[:, n:], filled(target[:, n:], 0.5))
        return answers + self.domain_weight * weighted_mean(domains, target[:, n:], weight[:, n:])
