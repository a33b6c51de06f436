"""Argument checks; each message names the argument, what came and what was expected.

Checks of values look at the data, which would break a graph: under `torch.compile` only shapes are checked.
"""

import math
from dataclasses import dataclass

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
    if not torch.compiler.is_compiling() and bool(torch.any((tensor < low) | (tensor > high))):
        raise ValueError(f"{name} has values outside [{low:g}, {high:g}]; expected values inside, or NaN where missing.")


def require_known(name: str, tensor: Tensor, low: float = 0.0) -> None:
    """Refuse NaN, infinite values and values below `low`.

    Raises:
        ValueError: A value is NaN, infinite or below `low`.
    """
    if not torch.compiler.is_compiling() and not bool(torch.all((tensor >= low) & (tensor < math.inf))):
        raise ValueError(f"{name} has negative, infinite or NaN values; expected finite numbers of {low:g} or more.")


def require_not_infinite(name: str, tensor: Tensor) -> None:
    """Refuse infinite values; NaN passes (it is missing).

    Raises:
        ValueError: A value is infinite.
    """
    if not torch.compiler.is_compiling() and bool(torch.isinf(tensor).any()):
        raise ValueError(f"{name} has infinite values; expected finite numbers, or NaN where missing.")


@dataclass(frozen=True, slots=True)
class Number:
    """A numerical option: its default and the values that it may take.

    Attributes:
        default: Value when it is not given.
        low: Smallest value.
        high: Largest value; `inf` is any finite number.
        above: Whether `low` itself is refused.
        whole: Whether only whole numbers are allowed.
    """

    default: float
    low: float = 0.0
    high: float = math.inf
    above: bool = False
    whole: bool = False

    @property
    def expected(self) -> str:
        """What is allowed, in words."""
        kind = "a whole number" if self.whole else "a finite number" if self.high == math.inf else "a number"
        if self.above:
            return f"{kind} above {self.low:g}" + ("" if self.high == math.inf else f", up to {self.high:g}")
        return f"{kind} of {self.low:g} or more" if self.high == math.inf else f"{kind} from {self.low:g} to {self.high:g}"

    def check(self, name: str, value: object) -> float:
        """Return the value if it is allowed.

        Raises:
            ValueError: The value is no number, or outside its range.
        """
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high and value < math.inf
        if not good or (self.above and value == self.low) or (self.whole and value != int(value)):  # type: ignore[call-overload]
            raise ValueError(f"{name} is {value!r}; expected {self.expected}.")
        return float(value)  # type: ignore[arg-type]
