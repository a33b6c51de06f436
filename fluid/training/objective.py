"""The training objective: one loss for classification columns, one for regression columns, averaged over endpoints."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from fluid.data.endpoints import Endpoint
from fluid.distillation import elements
from fluid.distillation.distiller import DistillationLoss
from fluid.distillation.evidential import EvidenceSpec, class_elements, value_bounds, value_elements
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.losses import fill_missing, mix_losses, weighted_mean
from fluid.errors import ConfigError
from fluid.models.network import Output


class Objective(nn.Module):
    """Weighted mean loss over endpoints.

    Classification columns use the soft-label loss that the spec names (hard labels are soft labels of 0 and 1), regression columns
    its loss of values: by default the Gaussian negative log-likelihood with the network's own variance (Kendall & Gal,
    arXiv:1703.04977, eq. 8). An evidential head has losses of its own in the place of these two.

    Args:
        endpoints: The `T` endpoints, in column order.
        loss: Which losses; default: cross-entropy and Gaussian likelihood.
        evidence: How an evidential head learns; `None` for a plain one.

    Raises:
        ConfigError: The head is evidential, and the losses are others than the default ones; or there are more or
            fewer confusions than classes.
    """

    classes: Tensor
    values: Tensor

    def __init__(self, endpoints: Sequence[Endpoint], loss: LossSpec | None = None, evidence: EvidenceSpec | None = None) -> None:
        super().__init__()
        if evidence is not None and (loss or LossSpec()) != LossSpec():
            raise ConfigError("an evidential head has a loss of its own", expected="loss=soft_bce", remedy="Or choose model.head=plain.")
        self.evidence = evidence
        self.of_classes, self.of_values = DistillationLoss(loss, "classification"), DistillationLoss(loss, "regression")
        kinds = [endpoint.kind == "classification" for endpoint in endpoints]
        self.n_endpoints = len(kinds)
        confusions = loss.confusions if loss else ()
        if confusions and len(confusions) != sum(kinds):
            raise ConfigError(f"loss.confusions has {len(confusions)} entries", expected=f"{sum(kinds)}, one per class")
        self.register_buffer("classes", torch.tensor([i for i, kind in enumerate(kinds) if kind], dtype=torch.long))
        self.register_buffer("values", torch.tensor([i for i, kind in enumerate(kinds) if not kind], dtype=torch.long))

    def forward(
        self,
        output: Output,
        target: Tensor,
        weight: Tensor,
        hard: Tensor | None = None,
        variance: Tensor | None = None,
        censored: Tensor | None = None,
        alpha: float = 1.0,
        share: float = 1.0,
    ) -> Tensor:
        """Return the scalar loss of a batch; NaN targets do not count.

        Args:
            output: What the network says.
            target: Hard or soft labels or values, `(B, T)`.
            weight: Weights `(B, T)`.
            hard: Measured labels beside soft ones, `(B, T)`, or `None`.
            variance: Variance of the targets, `(B, T)`, or `None`.
            censored: Which measured labels (in `hard`, if there are any, else in `target`) are bounds, `(B, T)`: −1 where the true value is
                below, 1 where it is above, else 0; `None`: none is.
            alpha: Share of the measured labels' loss where there are any.
            share: Share of the penalty on wrong evidence of classes that counts.
        """
        total = output.mean.new_zeros(())
        for columns, loss in ((self.classes, self.of_classes), (self.values, self.of_values)):
            if len(columns):
                said, spread, measured = (None if p is None else p[:, columns] for p in (output.log_variance, variance, hard))
                bounds = None if censored is None or loss.is_class else censored[:, columns]
                wanted, counts = target[:, columns], weight[:, columns]
                if self.evidence is None:
                    value = loss.unchecked(output.mean[:, columns], wanted, counts, said, spread, measured, alpha, bounds)
                else:
                    evidence = Evidential(self.evidence, loss.is_class, output.columns(columns), share)
                    value = evidence.loss(wanted, counts, measured, alpha, bounds)
                total = total + value * (len(columns) / self.n_endpoints)
        return total


class Evidential(NamedTuple):
    """What an evidential head says of endpoints of one kind, to be compared with targets; see `fluid.distillation.evidential`."""

    spec: EvidenceSpec
    is_class: bool
    output: Output
    share: float

    def elements(self, target: Tensor, bounds: Tensor | None = None) -> Tensor:
        """Return the element losses `(B, T)`; any number where a target is missing, and those of bounds where `bounds` is not 0."""
        mean, log_variance, strength, freedom = self.output
        if strength is None or freedom is None:
            raise ConfigError("the network says nothing of evidence", expected="a network with model.head=evidential")
        if self.is_class:
            return class_elements(self.spec, mean, strength, fill_missing(target, 0.5), self.share)
        said = (self.spec, mean, log_variance, strength, freedom, fill_missing(target, 0.0))
        return value_elements(*said) if bounds is None else torch.where(bounds == 0, value_elements(*said), value_bounds(*said, bounds))

    def loss(self, target: Tensor, weight: Tensor, hard: Tensor | None, alpha: float, bounds: Tensor | None = None) -> Tensor:
        """Return the weighted mean, of measured labels too where there are any; arguments as in `Objective`."""
        if hard is None:
            return weighted_mean(self.elements(target, bounds), target, weight)
        return mix_losses((self.elements(target), target, weight), (self.elements(hard, bounds), hard, weight), alpha)


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
        censored: Tensor | None = None,
        alpha: float = 1.0,
        share: float = 1.0,
    ) -> Tensor:
        """Return the scalar loss of a batch; NaN targets do not count. Arguments as in `Objective`; what teachers said is no bound."""
        n = self.n_answers
        said = output.columns(slice(n))
        measured, spread = (None if plane is None else plane[:, :n] for plane in (hard, variance))
        answers: Tensor = self.of_answers(said, target[:, :n], weight[:, :n], measured, spread, alpha=alpha)
        domains = elements.bce(output.mean[:, n:], fill_missing(target[:, n:], 0.5))
        return answers + self.domain_weight * weighted_mean(domains, target[:, n:], weight[:, n:])
