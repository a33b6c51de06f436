"""Losses of single soft labels by name, as a configuration chooses them; a `DistillationLoss` masks, weighs and averages them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from torch import Tensor

from fluid.distillation import elements
from fluid.distillation.elements import logit
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
    """

    elements: Callable[[Any, Compared], Tensor]
    classes: bool = True
    needs_variance: bool = False


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
        "gaussian_nll": ElementLoss(gaussian_nll, classes=False),
        "heteroscedastic": ElementLoss(heteroscedastic, classes=False, needs_variance=True),
        "huber": ElementLoss(huber, classes=False),
        "mse": ElementLoss(mse, classes=False),
    },
    ElementLoss,
    "loss",
)
"""Losses by name; a package adds its own under the entry points `fluid.losses`."""


def names_of(classes: bool) -> list[str]:
    """Return the names of the losses for probabilities, or of those for values, without those of packages that are broken."""
    broken = ELEMENT_LOSSES.broken()
    return [name for name in ELEMENT_LOSSES if name not in broken and ELEMENT_LOSSES[name].classes == classes]
