"""Repeated measurements of one molecule become one label, or none, by a stated policy.

A column is merged *as it was measured*. A column of classes (0 and 1) follows the policy for classes, a column of
values the policy for values, also where a threshold makes classes of them: the values are averaged first and the
threshold is applied to the average. Measurements that agree are never a conflict, whatever the policy.
"""

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError

CLASS_POLICIES = ("drop", "majority", "first")
VALUE_POLICIES = ("mean", "median", "first", "drop")


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
        return _label(_centre(known, policy), endpoint)
    labels = [_label(value, endpoint) for value in known]
    return _agreed(labels, majority=policy == "majority")


def _label(value: float, endpoint: Endpoint) -> float:
    return float(endpoint.label(np.array([value]))[0])


def _centre(known: Sequence[float], policy: str) -> float:
    """Return the first, mean or median; equal values give exactly that value, so that no rounding crosses a threshold."""
    if policy == "first" or len(set(known)) == 1:
        return known[0]
    return median(known) if policy == "median" else math.fsum(known) / len(known)


def _agreed(labels: Sequence[float], majority: bool) -> float:
    ranked = sorted(set(labels), key=labels.count, reverse=True)
    if len(ranked) == 1 or (majority and labels.count(ranked[0]) > labels.count(ranked[1])):
        return ranked[0]
    return math.nan
