"""Which bins the other companies can have had: all multisets of them, and those that support and coverage allow.

With weights `w_b = middle_b ** power` of bins, a partner in bin `a` and others in bins `c` have the support
`(w_a + Σ w_c)² / (w_a² + Σ w_c²)`, and
coverage is the highest of all bins. Single precision tells nearly all multisets apart.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np

from fluid.annotation.domain import bin_midpoints

EDGES: Mapping[int, tuple[float, ...]] = {1: (), 4: (0.3, 0.4, 0.5)}
"""Edges of bins that a partner assumes, by how many bins there are: the product's; others are agreed by nobody and not tried."""
MOST_COMPANIES = 8
ROUNDING = 2e-5
"""Relative error of a support in single precision, generously."""
POWERS = {"mean": (0.0,), "similarity": (4.0, 2.0, 1.0, 3.0, 6.0, 8.0), "sharp_similarity": (6.0, 8.0, 4.0)}
"""Powers of similarity that a partner tries, by the method's name; without a support that decides, the first."""
LEAST_EXPLAINED, TRIED = 0.9, 2000
"""Share of supports that a rule must explain, and molecules on which that is tried."""


class Rule(NamedTuple):
    """How votes were weighed: by how many companies, and by which power of the middle of their bins."""

    companies: int
    power: float


class Multisets(NamedTuple):
    """All `H` multisets of bins that the others can have, and what follows from each for a partner in each of `B` bins.

    Attributes:
        counts: How many others are in each bin `(H, B)`.
        own: Share of the partner in the label `(B, H)`.
        top: Share of one of the others in the highest of their bins `(B, H)`.
        support: Effective number of teachers `(B, H)`.
        highest: Highest bin of all `(B, H)`.
    """

    counts: np.ndarray
    own: np.ndarray
    top: np.ndarray
    support: np.ndarray
    highest: np.ndarray


def multisets(rule: Rule, n_bins: int) -> Multisets:
    """Return all multisets of the others' bins under a rule."""
    several = combinations_with_replacement(range(n_bins), rule.companies - 1)
    counts = np.array([np.bincount(one, minlength=n_bins) for one in several])
    weight = np.asarray(bin_midpoints(EDGES[n_bins])) ** rule.power
    total = weight[:, None] + counts @ weight
    highest = n_bins - 1 - np.argmax(counts[:, ::-1] > 0, axis=1)
    squares = weight[:, None] ** 2 + counts @ weight**2
    above = np.maximum(np.arange(n_bins)[:, None], highest)
    return Multisets(counts, weight[:, None] / total, weight[highest] / total, total**2 / squares, above)


def allowed(told: Multisets, own_bin: np.ndarray, support: np.ndarray | None, coverage: np.ndarray | None) -> np.ndarray:
    """Return which multisets are possible for each molecule `(M, H)` bool.

    Args:
        told: What follows from each multiset.
        own_bin: Bins of the partner `(M,)`.
        support: Released support of one endpoint `(M,)`, or `None`.
        coverage: Released coverage `(M,)`, or `None`.
    """
    possible = np.ones((len(own_bin), len(told.counts)), dtype=bool)
    if support is not None:
        expected = told.support[own_bin]
        possible &= np.abs(support[:, None] - expected) <= ROUNDING * expected
    if coverage is not None:
        n_bins = told.counts.shape[1]
        possible &= np.rint(coverage * n_bins - 1)[:, None] == told.highest[own_bin]
    return possible


def rules(method: str, companies: int) -> Sequence[Rule]:
    """Return the rules that a partner tries, the likeliest first; with no number of companies said, every one from 2 to 8."""
    numbers = (companies,) if 2 <= companies <= MOST_COMPANIES else () if companies else range(2, MOST_COMPANIES + 1)
    return [Rule(number, power) for number in numbers for power in POWERS.get(method, ())]


def explained(rule: Rule, own_bin: np.ndarray, n_bins: int, support: np.ndarray) -> float:
    """Return which share of the supports one multiset at least explains."""
    rows = slice(None, None, max(1, len(own_bin) // TRIED))
    return float(allowed(multisets(rule, n_bins), own_bin[rows], support[rows], None).any(axis=1).mean())


def rule_of(method: str, companies: int, own_bin: np.ndarray, n_bins: int, support: np.ndarray | None) -> Rule | None:
    """Return the rule by which votes were weighed; `None` where none explains the supports, or bins are not what weighs.

    Args:
        method: Name of the consensus.
        companies: How many companies it is of; 0 where that is not said.
        own_bin: Bins of the partner `(M,)`.
        n_bins: How many there are.
        support: Released support `(M,)`, or `None`: then the likeliest rule is taken, if the number of companies is known.
    """
    tried = rules(method, companies) if n_bins in EDGES else ()
    if support is None or not len(own_bin):
        return tried[0] if tried and companies else None
    shares = [explained(rule, own_bin, n_bins, support) for rule in tried]
    best = int(np.argmax(shares)) if shares else -1
    return tried[best] if shares and shares[best] >= LEAST_EXPLAINED else None
