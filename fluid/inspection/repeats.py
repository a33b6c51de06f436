"""Rows of one molecule: how many there are, and whether they agree."""

from typing import NamedTuple

import numpy as np

FIRST = 24


class Repeats(NamedTuple):
    """What repeated measurements of one endpoint say.

    Attributes:
        molecules: Different molecules with a label.
        ones: Molecules all of whose labels are 1.
        zeros: Molecules all of whose labels are 0.
        repeated: Molecules with several labels.
        conflicts: Of these, those whose labels are not all the same.
        largest: The largest difference within a molecule; 0 without any.
        first: Places of the labels of the first conflicting molecules, at most `FIRST` of these.
    """

    molecules: int
    ones: int
    zeros: int
    repeated: int
    conflicts: int
    largest: float
    first: tuple[tuple[int, ...], ...]


def count_repeats(keys: np.ndarray, values: np.ndarray) -> Repeats:
    """Compare the labels of each molecule.

    Args:
        keys: The molecule of each label, `(N,)` uint64.
        values: The labels, `(N,)`.
    """
    if not len(keys):
        return Repeats(0, 0, 0, 0, 0, 0.0, ())
    order = np.argsort(keys, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(keys[order]) != 0]))
    low, high = (ufunc.reduceat(values[order], starts) for ufunc in (np.minimum, np.maximum))
    sizes = np.diff(np.append(starts, len(order)))
    differing = np.flatnonzero(low != high)
    firsts = order[starts[differing]]
    chosen = differing[np.argsort(firsts, kind="stable")[:FIRST]]
    places = tuple(tuple(order[starts[group] : starts[group] + sizes[group]].tolist()) for group in chosen)
    ones, zeros = (int(((low == label) & (high == label)).sum()) for label in (1, 0))
    return Repeats(len(starts), ones, zeros, int((sizes > 1).sum()), len(differing), float((high - low).max()), places)
