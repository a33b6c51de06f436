"""`DistillationLoss`: the losses of `losses.py` as one module, chosen by a `LossSpec`."""

import torch
from torch import Tensor, nn

from fluid.distillation import elements
from fluid.distillation.element_losses import ELEMENT_LOSSES, Compared, needed
from fluid.distillation.elements import logit
from fluid.distillation.loss_checks import check_loss, require_share
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.losses import filled, mixed, ranking_mean, weighted_mean
from fluid.distillation.noise import check_confusion, corrected
from fluid.errors import ConfigError

KINDS = ("classification", "regression")


class DistillationLoss(nn.Module):
    """Loss of some endpoints of one kind: a thin shell over the functions, whose result it gives.

    The forward correction changes the student's log-odds before the soft-label loss; measured labels are compared with the log-odds
    themselves.

    Args:
        spec: Which loss.
        kind: `classification` or `regression`.
        confusion: `P(observed j | true i)` per endpoint, `(T, 2, 2)`; default: those of `spec`, or its one for all endpoints, if any.

    Raises:
        ConfigError: The kind is unknown, or the confusion was to be looked up in a consensus.
        ShapeError: The confusion has another shape.
        ValueError: The confusion's rows are not probabilities that add to 1.
    """

    confusion: Tensor | None

    def __init__(self, spec: LossSpec | None = None, kind: str = "classification", confusion: Tensor | None = None) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ConfigError(f"kind is {kind!r}", expected=" or ".join(KINDS))
        self.spec, self.is_class = spec or LossSpec(), kind == "classification"
        if self.spec.automatic:
            raise ConfigError("loss.confusion is auto, and no consensus was asked", remedy="Give the confusion itself.")
        if confusion is None and self.spec.confusions:
            confusion = torch.tensor(self.spec.confusions)
        elif confusion is None and self.spec.confusion:
            confusion = torch.tensor(self.spec.confusion).unsqueeze(0)
        if confusion is not None:
            check_confusion(confusion, len(confusion))
        self.register_buffer("confusion", confusion, persistent=False)

    def forward(
        self,
        mean: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        log_variance: Tensor | None = None,
        variance: Tensor | None = None,
        hard: Tensor | None = None,
        alpha: float = 0.0,
    ) -> Tensor:
        """Return the scalar loss.

        Args:
            mean: Logits or values, `(B, T)`.
            target: Soft labels `(B, T)`; NaN is missing.
            weight: `(B, T)` or `None` for 1.
            log_variance: The student's log-variance, which Gaussian losses of values need.
            variance: The teachers' variance, for `heteroscedastic`.
            hard: Measured labels `(B, T)`, NaN missing, or `None`.
            alpha: Share of the measured labels' loss, in [0, 1]; see `mixed`.

        Raises:
            ShapeError: Shapes disagree.
            ValueError: A value is out of range, or `log_variance` is missing.
        """
        planes = {"target": target, "weight": weight, "log_variance": log_variance, "variance": variance, "hard": hard}
        check_loss(mean, planes, probs=self.is_class)
        return self.unchecked(mean, target, weight, log_variance, variance, hard, alpha)

    def unchecked(
        self,
        mean: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        log_variance: Tensor | None = None,
        variance: Tensor | None = None,
        hard: Tensor | None = None,
        alpha: float = 0.0,
    ) -> Tensor:
        """Return the loss of arguments that were checked before: a check of values in each step would make a GPU wait."""
        answer = self._observed(mean)
        soft = self._elements(answer, target, log_variance, variance)
        weight = torch.ones_like(mean) if weight is None else weight
        if hard is None:
            point = weighted_mean(soft, target, weight)
        else:
            require_share("alpha", alpha)
            point = mixed((soft, target, weight), (self._hard(mean, hard, log_variance), hard, weight), alpha)
        share = self.spec.ranking
        return point if share == 0 else (1 - share) * point + share * self._ranking(answer, target, weight)

    def _observed(self, mean: Tensor) -> Tensor:
        if not self.is_class or self.confusion is None:
            return mean
        return corrected(mean, self.confusion.expand(mean.shape[1], 2, 2))

    def _elements(self, mean: Tensor, target: Tensor, log_variance: Tensor | None, variance: Tensor | None) -> Tensor:
        known = filled(target, 0.5 if self.is_class else 0.0)
        spread = None if variance is None else filled(variance, 0.0)
        chosen = self.spec.classes if self.is_class else self.spec.values
        return ELEMENT_LOSSES[chosen].elements(self.spec, Compared(mean, known, log_variance, spread))

    def _hard(self, mean: Tensor, hard: Tensor, log_variance: Tensor | None) -> Tensor:
        if self.is_class:
            return elements.bce(mean, filled(hard, 0.5))
        return elements.gaussian(mean, needed(log_variance), filled(hard, 0.0))

    def _ranking(self, answer: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        return ranking_mean(answer, logit(target) if self.is_class else target, weight)
