"""`DistillationLoss`: the losses of `losses.py` as one module, chosen by a `LossSpec`."""

import torch
from torch import Tensor, nn

from fluid.distillation import elements
from fluid.distillation.element_losses import ELEMENT_LOSSES, Compared, needed, with_bounds
from fluid.distillation.elements import logit
from fluid.distillation.loss_checks import check_loss, require_share
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.losses import fill_missing, mix_losses, ranking_mean, weighted_mean
from fluid.distillation.noise import apply_confusion, check_confusion
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
        censored: Tensor | None = None,
    ) -> Tensor:
        """Return the scalar loss.

        Args:
            mean: Logits or values, `(B, T)`.
            target: Soft labels `(B, T)`; NaN is missing.
            weight: `(B, T)` or `None` for 1.
            log_variance: The student's log-variance, which Gaussian losses of values need.
            variance: The teachers' variance, for `heteroscedastic`.
            hard: Measured labels `(B, T)`, NaN missing, or `None`.
            alpha: Share of the measured labels' loss, in [0, 1]; see `mix_losses`.
            censored: Which measured labels (in `hard`, if there are any, else in `target`) are bounds, `(B, T)`: −1 where the true value is
                below, 1 where it is above, else 0; `None`: none is. Ranking leaves bounds out.

        Raises:
            ShapeError: Shapes disagree.
            ValueError: A value is out of range, `log_variance` is missing, or classes are said to be bounds.
            ConfigError: The loss cannot learn bounds.
        """
        planes = {"target": target, "weight": weight, "log_variance": log_variance, "variance": variance, "hard": hard}
        check_loss(mean, planes | {"censored": censored}, probs=self.is_class)
        if self.is_class and censored is not None:
            raise ValueError("censored is given for classes; expected None: only values have bounds.")
        return self.unchecked(mean, target, weight, log_variance, variance, hard, alpha, censored)

    def unchecked(
        self,
        mean: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        log_variance: Tensor | None = None,
        variance: Tensor | None = None,
        hard: Tensor | None = None,
        alpha: float = 0.0,
        censored: Tensor | None = None,
    ) -> Tensor:
        """Return the loss of arguments that were checked before: a check of values in each step would make a GPU wait."""
        answer, bounds = self._observed(mean), censored if hard is None else None
        soft = self._elements(answer, target, log_variance, variance, bounds)
        weight = torch.ones_like(mean) if weight is None else weight
        if hard is None:
            point = weighted_mean(soft, target, weight)
        else:
            require_share("alpha", alpha)
            point = mix_losses((soft, target, weight), (self._hard(mean, hard, log_variance, censored), hard, weight), alpha)
        share = self.spec.ranking
        return point if share == 0 else (1 - share) * point + share * self._ranking(answer, target, weight, bounds)

    def _observed(self, mean: Tensor) -> Tensor:
        if not self.is_class or self.confusion is None:
            return mean
        return apply_confusion(mean, self.confusion.expand(mean.shape[1], 2, 2))

    def _elements(
        self, mean: Tensor, target: Tensor, log_variance: Tensor | None, variance: Tensor | None, bounds: Tensor | None
    ) -> Tensor:
        known = fill_missing(target, 0.5 if self.is_class else 0.0)
        spread = None if variance is None else fill_missing(variance, 0.0)
        chosen = self.spec.classes if self.is_class else self.spec.values
        loss, compared = ELEMENT_LOSSES[chosen], Compared(mean, known, log_variance, spread)
        return loss.elements(self.spec, compared) if bounds is None else with_bounds(loss, self.spec, compared, bounds)

    def _hard(self, mean: Tensor, hard: Tensor, log_variance: Tensor | None, bounds: Tensor | None) -> Tensor:
        if self.is_class:
            return elements.bce(mean, fill_missing(hard, 0.5))
        known, said = fill_missing(hard, 0.0), needed(log_variance)
        exact = elements.gaussian(mean, said, known)
        return exact if bounds is None else torch.where(bounds == 0, exact, elements.gaussian_bound(mean, said, known, bounds))

    def _ranking(self, answer: Tensor, target: Tensor, weight: Tensor, bounds: Tensor | None) -> Tensor:
        target = target if bounds is None else target.masked_fill(bounds != 0, torch.nan)
        return ranking_mean(answer, logit(target) if self.is_class else target, weight)
