"""Checks of what a loss is given; those of values are left out of compiled graphs, where they would break the graph."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_range, require_shape


def require_positive(name: str, value: float) -> None:
    """Refuse a number that is not finite and above 0.

    Raises:
        ValueError: The number is not finite or not above 0.
    """
    if not 0 < value < math.inf:
        raise ValueError(f"{name} is {value}; expected a finite number above 0.")


def require_share(name: str, value: float) -> None:
    """Refuse a number outside [0, 1].

    Raises:
        ValueError: The number is outside [0, 1].
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; expected a share in [0, 1].")


def require_weights(weight: Tensor) -> None:
    """Refuse weights that are negative, infinite or NaN.

    Raises:
        ValueError: A weight is negative, infinite or NaN.
    """
    if not bool(torch.all((weight >= 0) & (weight < math.inf))):
        raise ValueError("weight has values that are negative, infinite or NaN; expected finite values of 0 or more.")


def check_loss(prediction: Tensor, planes: Mapping[str, Tensor | None], probs: bool) -> None:
    """Check the arguments of a loss.

    Args:
        prediction: Logits or values, `(B, T)`.
        planes: `target`, `weight` and what else has its shape, by name; `None` is not there.
        probs: Whether targets are probabilities.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A target is no probability, or a weight is negative or not finite.
    """
    require_dimensions("the prediction", prediction, 2, "(molecules, endpoints)")
    for name, plane in planes.items():
        if plane is not None:
            require_shape(name, plane, tuple(prediction.shape))
    if torch.compiler.is_compiling():
        return
    target, weight = planes.get("target"), planes.get("weight")
    if probs and target is not None:
        require_range("target", target, 0.0, 1.0)
    if weight is not None:
        require_weights(weight)
