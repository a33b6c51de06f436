"""Losses of single soft labels by name, as a configuration chooses them; a `DistillationLoss` masks, weighs and averages them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from fluid.distillation import elements
from fluid.distillation.elements import logit
from fluid.errors import ConfigError
from fluid.registry import Registry


class Compared(NamedTuple):
    """What a loss compares, without missing values.

    Attributes:
        mean: Logits or values of the student, `(B, T)`.
        target: Soft labels `(B, T)`.
        log_variance: The student's log-variance `(B, T)`, of values; or `None`.
        variance: The teachers' variance `(B, T)`, 0 where unknown; or `None`.
    """

    mean: Tensor
    target: Tensor
    log_variance: Tensor | None = None
    variance: Tensor | None = None


@dataclass(frozen=True, slots=True)
class ElementLoss:
    """A loss of single soft labels.

    Attributes:
        elements: `(spec, compared)` to the loss of each element, `(B, T)`; `spec` is the `LossSpec` with `temperature` and `delta`.
        classes: Whether it is for probabilities; else for values.
        needs_variance: Whether it learns the teachers' variance, which is looked up for no other loss.
        bounds: `(spec, compared, side)` to the loss of each element whose target is a bound of the true value: this lies above it where
            `side` `(B, T)` is 1, below where it is −1; `None`: it cannot learn bounds.
    """

    elements: Callable[[Any, Compared], Tensor]
    classes: bool = True
    needs_variance: bool = False
    bounds: Callable[[Any, Compared, Tensor], Tensor] | None = None


def soft_bce(spec: Any, compared: Compared) -> Tensor:
    """See `losses.soft_bce`."""
    return elements.bce(compared.mean, compared.target)


def kl_distillation(spec: Any, compared: Compared) -> Tensor:
    """See `losses.kl_distillation`."""
    return elements.softened_kl(compared.mean, compared.target, spec.temperature)


def mse_logits(spec: Any, compared: Compared) -> Tensor:
    """See `losses.mse_logits`."""
    return elements.squared_error(compared.mean, logit(compared.target))


def huber_logits(spec: Any, compared: Compared) -> Tensor:
    """See `losses.huber_logits`."""
    return elements.huber(compared.mean, logit(compared.target), spec.delta)


def gaussian_nll(spec: Any, compared: Compared) -> Tensor:
    """See `losses.gaussian_nll`; the teachers' variance does not count."""
    return elements.gaussian(compared.mean, needed(compared.log_variance), compared.target)


def heteroscedastic(spec: Any, compared: Compared) -> Tensor:
    """See `losses.gaussian_nll`; with the teachers' variance, where it is known."""
    log_variance = needed(compared.log_variance)
    if compared.variance is None:
        return elements.gaussian(compared.mean, log_variance, compared.target)
    return elements.gaussian(compared.mean, log_variance, compared.target, compared.variance)


def huber(spec: Any, compared: Compared) -> Tensor:
    """See `losses.huber`."""
    return elements.huber(compared.mean, compared.target, spec.delta)


def mse(spec: Any, compared: Compared) -> Tensor:
    """See `losses.mse`."""
    return elements.squared_error(compared.mean, compared.target)


def gaussian_bounds(spec: Any, compared: Compared, side: Tensor) -> Tensor:
    """See `elements.gaussian_bound`; the teachers' variance does not count."""
    return elements.gaussian_bound(compared.mean, needed(compared.log_variance), compared.target, side)


def huber_bounds(spec: Any, compared: Compared, side: Tensor) -> Tensor:
    """Return Huber's loss where an answer is on the wrong side of its bound, 0 on the right one."""
    return elements.huber(compared.mean, elements.reached(compared.mean, compared.target, side), spec.delta)


def mse_bounds(spec: Any, compared: Compared, side: Tensor) -> Tensor:
    """Return the squared error where an answer is on the wrong side of its bound, 0 on the right one."""
    return elements.squared_error(compared.mean, elements.reached(compared.mean, compared.target, side))


def needed(log_variance: Tensor | None) -> Tensor:
    """Return a log-variance that is there.

    Raises:
        ValueError: The log-variance is missing.
    """
    if log_variance is None:
        raise ValueError("log_variance is missing; expected the student's log-variance (B, T), which a Gaussian loss needs.")
    return log_variance


ELEMENT_LOSSES: Registry[ElementLoss] = Registry(
    "fluid.losses",
    "loss",
    {
        "soft_bce": ElementLoss(soft_bce),
        "kl_distillation": ElementLoss(kl_distillation),
        "mse_logits": ElementLoss(mse_logits),
        "huber_logits": ElementLoss(huber_logits),
        "gaussian_nll": ElementLoss(gaussian_nll, classes=False, bounds=gaussian_bounds),
        "heteroscedastic": ElementLoss(heteroscedastic, classes=False, needs_variance=True, bounds=gaussian_bounds),
        "huber": ElementLoss(huber, classes=False, bounds=huber_bounds),
        "mse": ElementLoss(mse, classes=False, bounds=mse_bounds),
    },
    ElementLoss,
    "loss",
)
"""Losses by name; a package adds its own under the entry points `fluid.losses`."""


def with_bounds(loss: ElementLoss, spec: Any, compared: Compared, side: Tensor) -> Tensor:
    """Return the loss of each element, `(B, T)`: of its target, or where `side` is not 0 of the bound that it is.

    Raises:
        ConfigError: The loss cannot learn bounds.
    """
    if loss.bounds is None:
        can = [name for name in names_of(classes=False) if ELEMENT_LOSSES[name].bounds]
        remedy = "Or set intake.censored=bound or drop."
        raise ConfigError(f"loss {spec.values!r} cannot learn bounds", expected=" or ".join(can), remedy=remedy)
    return torch.where(side == 0, loss.elements(spec, compared), loss.bounds(spec, compared, side))


def names_of(classes: bool) -> list[str]:
    """Return the names of the losses for probabilities, or of those for values, without those of packages that are broken."""
    broken = ELEMENT_LOSSES.broken()
    return [name for name in ELEMENT_LOSSES if name not in broken and ELEMENT_LOSSES[name].classes == classes]
