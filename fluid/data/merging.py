"""Repeated measurements of one molecule become one label, or none, by a stated policy.

A column is merged *as it was measured*. A column of classes (0 and 1) follows the policy for classes, a column of
values the policy for values, also where a threshold makes classes of them: the values are averaged first and the
threshold is applied to the average. Measurements that agree are never a conflict, whatever the policy.

Bounds (`>10`) come in where values alone leave a choice: measured values decide, the bounds of a molecule are seen together, and
what contradicts is a conflict.
"""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from fluid.data.bounds import ABOVE, BELOW, Bound, certain_class, contradict, tightest
from fluid.data.endpoints import DIRECTIONS, Endpoint
from fluid.errors import ConfigError

CLASS_POLICIES = ("drop", "majority", "first")
VALUE_POLICIES = ("mean", "median", "first", "drop")
CONFLICT = "conflicting labels"
OPEN = "the bound leaves the class open"
BESIDE_VALUES = "censored, and the molecule has measured values"
BOTH_SIDES = "censored on both sides"


class Merged(NamedTuple):
    """What repeated measurements of one molecule came to.

    Attributes:
        label: The label; NaN: none.
        side: +1 or -1 where the label is a bound of the true value, 0 where it was measured.
        reasons: For each measurement, why it is not in the label; empty if it is.
    """

    label: float
    side: int
    reasons: tuple[str, ...]


def merge_readings(readings: Sequence[float | Bound], endpoint: Endpoint, policy: str) -> Merged:
    """Return what repeated measurements of one molecule, of which some are bounds, come to.

    Args:
        readings: Measured values and bounds in the order of their rows; at least one.
        endpoint: Gives threshold and direction, if any.
        policy: For the values, as in `merge_values`.
    """
    values, bounds = [one for one in readings if isinstance(one, float)], [one for one in readings if isinstance(one, Bound)]
    label = merge_values(values, endpoint, policy)
    if values and math.isnan(label):
        return _conflict(readings)
    if not bounds:
        return Merged(label, 0, ("",) * len(readings))
    if endpoint.threshold is not None:
        return _merged_classes(readings, label, bounds, endpoint)
    if values:
        return Merged(label, 0, tuple(BESIDE_VALUES if isinstance(one, Bound) else "" for one in readings))
    return _merged_bounds(bounds)


def _conflict(readings: Sequence[float | Bound]) -> Merged:
    return Merged(math.nan, 0, (CONFLICT,) * len(readings))


def _merged_classes(readings: Sequence[float | Bound], label: float, bounds: Sequence[Bound], endpoint: Endpoint) -> Merged:
    """Merge where a threshold makes classes; a bound that allows either class says nothing."""
    certain = [certain_class(one, endpoint) if isinstance(one, Bound) else label for one in readings]
    classes = set(certain) - {None}
    measured = len(bounds) < len(readings)
    if len(classes) > 1 or (not measured and contradict(bounds)):
        return _conflict(readings)
    reasons = tuple(OPEN if known is None else "" for known in certain)
    return Merged(next((known for known in certain if known is not None), math.nan), 0, reasons)


def _merged_bounds(bounds: Sequence[Bound]) -> Merged:
    """Merge bounds of a value where none was measured: the tightest of one side is the label; a label has no two sides."""
    low, high = tightest(bounds, ABOVE), tightest(bounds, BELOW)
    if low and high:
        return _conflict(bounds) if contradict(bounds) else Merged(math.nan, 0, (BOTH_SIDES,) * len(bounds))
    one = low or high
    return Merged(one.value, one.side, ("",) * len(bounds)) if one else Merged(math.nan, 0, ())


def check_policy(policy: str, allowed: Sequence[str], name: str) -> None:
    """Refuse an unknown policy.

    Raises:
        ConfigError: The policy is not one of `allowed`.
    """
    if policy not in allowed:
        raise ConfigError(f"{name} is {policy!r}", expected="one of " + ", ".join(allowed))


def merge_values(values: Sequence[float], endpoint: Endpoint, policy: str) -> float:
    """Return one label for repeated measurements of a molecule.

    `first` takes the first measurement, `mean` and `median` combine values, `majority` takes the more frequent class.
    `drop` gives no label where the labels (after a threshold) differ, and so does `majority` at a tie.

    Args:
        values: Measurements in the order of their rows; NaN where a row has none.
        endpoint: Gives the threshold, if any.
        policy: One of `CLASS_POLICIES` or `VALUE_POLICIES`.

    Returns:
        The label; NaN if no row has a measurement, or the policy leaves none.
    """
    known = [value for value in values if not math.isnan(value)]
    if not known:
        return math.nan
    if policy in ("mean", "median", "first") or len(set(known)) == 1:
        return label_of(_centre(known, policy), endpoint)
    labels = [label_of(value, endpoint) for value in known]
    return _agreed_value(labels, majority=policy == "majority")


def label_of(value: float, endpoint: Endpoint) -> float:
    """Return the label of one measured value: the threshold is applied."""
    return value if endpoint.threshold is None else float(DIRECTIONS[endpoint.direction](value, endpoint.threshold))


def _centre(known: Sequence[float], policy: str) -> float:
    """Return the first, mean or median; equal values give exactly that value, so that no rounding crosses a threshold."""
    if policy == "first" or len(set(known)) == 1:
        return known[0]
    return median(known) if policy == "median" else math.fsum(known) / len(known)


def _agreed_value(labels: Sequence[float], majority: bool) -> float:
    ranked = sorted(set(labels), key=labels.count, reverse=True)
    if len(ranked) == 1 or (majority and labels.count(ranked[0]) > labels.count(ranked[1])):
        return ranked[0]
    return math.nan
