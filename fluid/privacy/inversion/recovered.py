"""What a partner recovers of each transfer molecule: the others' bins, and their answers."""

from typing import NamedTuple

import numpy as np

from fluid.privacy.inversion.answers import Between, Range, by_bins, of_two
from fluid.privacy.inversion.multisets import Multisets, Rule, allowed, multisets, rule_of
from fluid.privacy.inversion.pairs import both_answers, settled
from fluid.privacy.inversion.seen import Released, Said, Seen

TOLERANCE, MISFITS = 0.01, 0.02
"""An answer that follows to within this part of the range of answers is recovered; and the share of molecules that may not fit."""


class Recovered(NamedTuple):
    """What follows for each molecule: values `(M, n)`, NaN where nothing does, and which of them are no surprise `(M,)` bool."""

    values: np.ndarray
    guessed: np.ndarray

    @property
    def follows(self) -> np.ndarray:
        """Of which molecules something follows, `(M,)` bool."""
        known: np.ndarray = ~np.isnan(self.values).any(axis=1)
        return known


def span_of(released: Released, own: Said, place: int) -> Range:
    """Return the range of answers to an endpoint: of classes probabilities, of values as far as labels and own answers reach."""
    if released.endpoints[place].kind == "classification":
        return Range(0.0, 1.0)
    both = np.concatenate([released.label[:, place], own.answers[:, place]])
    known = both[np.isfinite(both)]
    return Range(float(known.min()), float(known.max()) or 1.0) if len(known) else Range(0.0, 1.0)


def rule_for(seen: Seen, place: int) -> Rule | None:
    """Return the rule by which the votes on an endpoint were weighed; `None` where it cannot be told."""
    support = None if seen.released.support is None else seen.released.support[:, place]
    return rule_of(seen.released.method, seen.released.companies, seen.own.bins, seen.own.n_bins, support)


def possible_bins(seen: Seen, place: int, told: Multisets) -> np.ndarray:
    """Return which multisets of the others' bins are possible `(M, H)`, by what is said of an endpoint."""
    support = None if seen.released.support is None else seen.released.support[:, place]
    return allowed(told, seen.own.bins, support, seen.released.coverage)


def recovered_bins(seen: Seen, place: int = 0) -> Recovered:
    """Return how many of the others are in each bin `(M, B)` where only one multiset is possible.

    Without the folder a partner guesses, for each of his own bins, the multiset that is the most frequent among those found: more than he
    could know, so that what goes beyond it is not too much.
    """
    values, guessed = np.full((len(seen.own.bins), seen.own.n_bins), np.nan), np.zeros(len(seen.own.bins), dtype=bool)
    rule = rule_for(seen, place)
    if rule is None or seen.own.n_bins == 1:
        return Recovered(values, guessed)
    told = multisets(rule, seen.own.n_bins)
    possible = possible_bins(seen, place, told)
    only, which = possible.sum(axis=1) == 1, possible.argmax(axis=1)
    values[only] = told.counts[which[only]]
    for own_bin in range(seen.own.n_bins):
        rows = np.flatnonzero(only & (seen.own.bins == own_bin))
        if len(rows):
            guessed[rows] = which[rows] == np.bincount(which[rows]).argmax()
    return Recovered(values, guessed)


def recovered_answers(seen: Seen, place: int) -> Recovered:
    """Return answers of others to an endpoint that follow: of three companies both, else that of the heaviest of the others.

    Without the folder a partner guesses a linear function of his own answers, the best one for those that follow.
    """
    label, own = seen.released.label[:, place].astype(np.float64), seen.own.answers[:, place].astype(np.float64)
    span, rule = span_of(seen.released, seen.own, place), rule_for(seen, place)
    tolerance = TOLERANCE * (span.high - span.low)
    values = np.full((len(label), 1), np.nan)
    if rule is None and seen.released.support is not None and is_of_two(seen.released, place):
        found = of_two(label, own, seen.released.support[:, place].astype(np.float64), span)
        values = narrow(found, own, tolerance)
    elif rule is not None:
        told = multisets(rule, seen.own.n_bins)
        possible = possible_bins(seen, place, told)
        found = by_bins(label, own, seen.own.bins, told, possible, span)
        values = narrow(found, own, tolerance)
        if rule.companies == 3 and not refuted(found, own):
            pairs = pairs_of(seen, place, told, possible, span)
            values = np.where(np.isnan(pairs), values, pairs)
    return Recovered(values, guessed_from(own, values, tolerance))


def is_of_two(released: Released, place: int) -> bool:
    """Return whether a consensus can be of two companies: it says so, or no support is above 2."""
    support = released.support[:, place] if released.support is not None else np.array([np.inf])
    return released.companies == 2 or (not released.companies and bool(support.max(initial=0) <= 2 + 1e-4))


def refuted(between: Between, own: np.ndarray) -> bool:
    """Return whether no answer fits for more than a few of the molecules that the partner answered `(M,)`.

    Then votes were not weighed as was assumed, or noise was added.
    """
    answered = np.isfinite(own)
    return bool(np.isnan(between.low[answered]).sum() > MISFITS * answered.sum())


def narrow(between: Between, own: np.ndarray, tolerance: float) -> np.ndarray:
    """Return the middle of intervals that are no wider than the tolerance either way, `(M, 1)`; NaN of others.

    Nothing follows where the intervals are refuted.
    """
    close = (between.high - between.low <= 2 * tolerance) & (not refuted(between, own))
    return np.where(close, (between.low + between.high) / 2, np.nan)[:, None]


def shares_of_three(own_bin: np.ndarray, told: Multisets, possible: np.ndarray) -> np.ndarray:
    """Return the shares of the partner, the higher and the lower of both others, `(M, 3)`; NaN where several triples are possible."""
    which = possible.argmax(axis=1)
    own, top = told.own[own_bin], told.top[own_bin]
    first = np.stack([own[np.arange(len(own)), which], top[np.arange(len(own)), which]], axis=1)
    same = np.isclose(own, first[:, :1], rtol=1e-9) & np.isclose(top, first[:, 1:], rtol=1e-9)
    one = possible.any(axis=1) & (same | ~possible).all(axis=1)
    return np.where(one[:, None], np.column_stack([first, 1 - first.sum(axis=1)]), np.nan)


def pairs_of(seen: Seen, place: int, told: Multisets, possible: np.ndarray, span: Range) -> np.ndarray:
    """Return the smaller and the larger answer of the others of three companies where they follow, `(M, 2)`; NaN elsewhere."""
    label, own = seen.released.label[:, place].astype(np.float64), seen.own.answers[:, place].astype(np.float64)
    shares, disagreement = shares_of_three(seen.own.bins, told, possible), seen.released.disagreement
    found = np.full((len(label), 2), np.nan)
    rows = np.flatnonzero(~np.isnan(shares[:, 0]) & np.isfinite(own))
    if disagreement is not None and len(rows):
        both = both_answers(label[rows], own[rows], shares[rows], disagreement[rows, place].astype(np.float64), span)
        found[rows] = settled(both, TOLERANCE * (span.high - span.low))
    return found


def guessed_from(own: np.ndarray, values: np.ndarray, tolerance: float) -> np.ndarray:
    """Return which values `(M, n)` all lie within the tolerance of the best linear function of own answers `(M,)`."""
    rows = np.flatnonzero(~np.isnan(values).any(axis=1) & np.isfinite(own))
    found = np.zeros(len(own), dtype=bool)
    if len(rows) > 2:
        basis = np.stack([np.ones(len(rows)), own[rows]], axis=1)
        fitted = basis @ np.linalg.lstsq(basis, values[rows], rcond=None)[0]
        found[rows] = (np.abs(fitted - values[rows]) <= tolerance).all(axis=1)
    return found
