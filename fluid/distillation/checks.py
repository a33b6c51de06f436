"""Argument checks; each message names the argument, what came and what was expected."""

import torch
from torch import Tensor

from fluid.errors import ShapeError


def require_shape(name: str, tensor: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse a tensor of another shape.

    Raises:
        ShapeError: The shape differs.
    """
    if tuple(tensor.shape) != shape:
        raise ShapeError(f"{name} has shape {tuple(tensor.shape)}", expected=str(shape))


def require_dimensions(name: str, tensor: Tensor, n: int, meaning: str) -> None:
    """Refuse a tensor with another number of dimensions.

    Raises:
        ShapeError: The number differs.
    """
    if tensor.ndim != n:
        raise ShapeError(f"{name} has shape {tuple(tensor.shape)}", expected=meaning)


def require_range(name: str, tensor: Tensor, low: float, high: float) -> None:
    """Refuse values outside a closed range; NaN passes (it is missing).

    Raises:
        ValueError: A value is outside.
    """
    if bool(torch.any((tensor < low) | (tensor > high))):
        raise ValueError(f"{name} has values outside [{low:g}, {high:g}]; expected values inside, or NaN where missing.")
