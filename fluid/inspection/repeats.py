"""Measurements of one molecule: how many there are, whether they agree, and what label the intake makes of them."""

from typing import NamedTuple

import numpy as np

from fluid.data.bounds import ABOVE, BELOW, Bound, certain_class
from fluid.data.endpoints import Endpoint
from fluid.data.merging import merge_readings
from fluid.data.quorum import Found, count_labels

FIRST = 24
SIGNS = {0: "", 1: ">=", 2: ">", -1: "<=", -2: "<"}


class Repeats(NamedTuple):
    """What the measurements of one endpoint say.

    Attributes:
        found: How many molecules have a label: of each class, or in all.
        measured: Whether any of these labels is more than a bound.
        repeated: Molecules with several measurements that say something.
        conflicts: Of these, those whose measurements do not all say the same.
        largest: The largest difference within a molecule; 0 without any.
        first: Places of the measurements of the first conflicting molecules, at most `FIRST` of these.
    """

    found: Found
    measured: bool
    repeated: int
    conflicts: int
    largest: float
    first: tuple[tuple[int, ...], ...]


def sign_number(bound: Bound) -> int:
    """Return a small number for the sign of a bound; 0 stands for a measured value."""
    return bound.side * (1 + bound.strict)


def reading_of(value: float, sign: int) -> float | Bound:
    """Return a measurement as the intake reads it."""
    return Bound(value, ABOVE if sign > 0 else BELOW, abs(sign) > 1) if sign else value


def single_labels(values: np.ndarray, signs: np.ndarray, endpoint: Endpoint) -> np.ndarray:
    """Return what each measurement says by itself `(N,)`: a class or a value; NaN of a bound that leaves the class open."""
    labels = endpoint.label(values)
    if endpoint.threshold is not None:
        for place in np.flatnonzero(signs).tolist():
            bound = reading_of(float(values[place]), int(signs[place]))
            known = certain_class(bound, endpoint) if isinstance(bound, Bound) else None
            labels[place] = np.nan if known is None else known
    return labels


class Groups:
    """Measurements put with the others of their molecule.

    Args:
        keys: The molecule of each, `(N,)`, at least one.
    """

    def __init__(self, keys: np.ndarray) -> None:
        self.order = np.argsort(keys, kind="stable")
        self.starts = np.flatnonzero(np.concatenate([[True], np.diff(keys[self.order]) != 0]))
        self._ends = np.append(self.starts[1:], len(keys))

    def places(self, group: int) -> list[int]:
        """Return where the measurements of a molecule are, in order."""
        found: list[int] = self.order[self.starts[group] : self._ends[group]].tolist()
        return found

    def reduce(self, ufunc: np.ufunc, values: np.ndarray) -> np.ndarray:
        """Return what a function makes of the values of each molecule."""
        reduced: np.ndarray = ufunc.reduceat(values[self.order], self.starts)
        return reduced


def count_repeats(keys: np.ndarray, values: np.ndarray, signs: np.ndarray, endpoint: Endpoint, policy: str) -> Repeats:
    """Compare the measurements of each molecule, and merge them as the intake does.

    Args:
        keys: The molecule of each measurement, `(N,)` uint64.
        values: The measurements, `(N,)` float64.
        signs: And their signs, see `sign_number`, `(N,)` int8.
        endpoint: As it was measured.
        policy: What becomes of measurements that differ.
    """
    if not len(keys):
        return Repeats(count_labels(values, endpoint), False, 0, 0, 0.0, ())
    groups, single = Groups(keys), single_labels(values, signs, endpoint)
    merged, sides = _merge(groups, values, signs, endpoint, policy)
    said = groups.reduce(np.add, np.isfinite(single).astype(np.int64))
    low, high = groups.reduce(np.fmin, single), groups.reduce(np.fmax, single)
    differing = np.flatnonzero(low < high)
    chosen = differing[np.argsort(groups.order[groups.starts[differing]], kind="stable")[:FIRST]]
    first = tuple(tuple(place for place in groups.places(group) if np.isfinite(single[place])) for group in chosen.tolist())
    largest = float((high - low)[differing].max(initial=0.0))
    measured = bool((np.isfinite(merged) & (sides == 0)).any())
    return Repeats(count_labels(merged, endpoint), measured, int((said > 1).sum()), len(differing), largest, first)


def _merge(groups: Groups, values: np.ndarray, signs: np.ndarray, endpoint: Endpoint, policy: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the label of each molecule, and on which side of it the true value lies; where all say the same, it is that."""
    low, high, bounds = groups.reduce(np.minimum, values), groups.reduce(np.maximum, values), groups.reduce(np.logical_or, signs)
    labels, sides = endpoint.label(low), np.zeros(len(low), dtype=np.int8)
    for group in np.flatnonzero((low < high) | bounds).tolist():
        readings = [reading_of(float(values[place]), int(signs[place])) for place in groups.places(group)]
        labels[group], sides[group], _ = merge_readings(readings, endpoint, policy)
    return labels, sides
