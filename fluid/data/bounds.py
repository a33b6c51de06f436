"""Censored measurements: a bound of the true value, and what follows from bounds where a threshold makes classes."""

import operator
from collections.abc import Sequence
from typing import NamedTuple

from fluid.data.endpoints import DIRECTIONS, Endpoint

ABOVE, BELOW = 1, -1
JUST_ABOVE = {">=": operator.ge, ">": operator.ge, "<=": operator.lt, "<": operator.lt}
JUST_BELOW = {">=": operator.gt, ">": operator.gt, "<=": operator.le, "<": operator.le}


class Bound(NamedTuple):
    """A bound of a true value.

    Attributes:
        value: The bound.
        side: +1: the true value lies above; -1: below.
        strict: Whether the bound itself is excluded.
    """

    value: float
    side: int
    strict: bool


def certain_class(bound: Bound, endpoint: Endpoint) -> float | None:
    """Return the class that all values within a bound have, or `None` if some are of either class.

    Args:
        bound: The bound.
        endpoint: Gives direction and threshold.
    """
    threshold, direction = endpoint.threshold, endpoint.direction
    if threshold is None:
        return None
    beside = JUST_ABOVE if bound.side == ABOVE else JUST_BELOW
    edge = (beside if bound.strict else DIRECTIONS)[direction](bound.value, threshold)
    far = direction.startswith(">") == (bound.side == ABOVE)
    return float(edge) if edge == far else None


def tightest(bounds: Sequence[Bound], side: int) -> Bound | None:
    """Return the bound of one side that leaves the least; `None` if there is none of that side."""
    own = [bound for bound in bounds if bound.side == side]
    return max(own, key=lambda bound: (bound.value * side, bound.strict), default=None)


def contradict(bounds: Sequence[Bound]) -> bool:
    """Return whether no value lies within all bounds."""
    low, high = tightest(bounds, ABOVE), tightest(bounds, BELOW)
    if low is None or high is None:
        return False
    return low.value > high.value or (low.value == high.value and (low.strict or high.strict))
