"""What follows for the answer of one of the others: an interval, from the label less the partner's own part."""

from typing import NamedTuple

import numpy as np

from fluid.privacy.inversion.multisets import Multisets

SLACK = 1e-4
"""How far beyond its range an answer may come out by rounding, in units of the range."""
LEAST_SHARE = 1e-3
"""Share in a label below which an answer drowns in the label's rounding."""


class Between(NamedTuple):
    """Ends of what an answer can have been `(M,)` each; NaN where nothing fits."""

    low: np.ndarray
    high: np.ndarray


class Range(NamedTuple):
    """Smallest and largest answer that can be."""

    low: float
    high: float


def within(label: np.ndarray, own: np.ndarray, own_share: np.ndarray, top_share: np.ndarray, span: Range) -> Between:
    """Return what the heaviest of the others can have said, for given shares; arguments broadcast.

    `label = a · own + t · answer + (1 − a − t) · rest`, with `rest` anywhere in the range. With two companies there is no rest, and the
    answer is one number. Where the others have too small a share, anything goes.
    """
    left, rest = label - own_share * own, np.maximum(1 - own_share - top_share, 0.0)
    share = np.where(top_share >= LEAST_SHARE, top_share, np.nan)
    low, high = (left - rest * span.high) / share, (left - rest * span.low) / share
    slack = SLACK * (span.high - span.low)
    fits = (high >= span.low - slack) & (low <= span.high + slack)
    low, high = np.clip(low, *span), np.clip(high, *span)
    low, high = np.where(np.isnan(low), span.low, low), np.where(np.isnan(high), span.high, high)
    fits |= np.isnan(share)
    return Between(np.where(fits, low, np.nan), np.where(fits, high, np.nan))


def hull(parts: Between, possible: np.ndarray) -> Between:
    """Return the smallest interval around those `(M, H)` that are possible; NaN where none is."""
    there = possible & ~np.isnan(parts.low)
    low = np.where(there, parts.low, np.inf).min(axis=1)
    high = np.where(there, parts.high, -np.inf).max(axis=1)
    none = ~there.any(axis=1)
    return Between(np.where(none, np.nan, low), np.where(none, np.nan, high))


def by_bins(label: np.ndarray, own: np.ndarray, own_bin: np.ndarray, told: Multisets, possible: np.ndarray, span: Range) -> Between:
    """Return what the heaviest of the others can have said where votes are weighed by bins.

    Args:
        label: Soft labels `(M,)`.
        own: The partner's answers `(M,)`.
        own_bin: His bins `(M,)`.
        told: What follows from multisets of the others' bins.
        possible: Which are possible `(M, H)`.
        span: The range of answers.
    """
    parts = within(label[:, None], own[:, None], told.own[own_bin], told.top[own_bin], span)
    return hull(parts, possible)


def of_two(label: np.ndarray, own: np.ndarray, support: np.ndarray, span: Range) -> Between:
    """Return what the other of two companies can have said, whatever weighs votes: `support = 1 / (a² + (1 − a)²)` tells both shares.

    Which of them is the partner's is not told: `a = ½ (1 ± sqrt(2 / support − 1))`, and what is out of range falls away.
    """
    apart = np.sqrt(np.maximum(2 / support - 1, 0.0))
    own_share = np.stack([(1 + apart) / 2, (1 - apart) / 2], axis=1)
    return hull(within(label[:, None], own[:, None], own_share, 1 - own_share, span), np.ones(own_share.shape, dtype=bool))
