"""The mean of what the others say of a molecule: what a consensus of many companies tells its partners at most."""

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from fluid.privacy.inversion.multisets import multisets
from fluid.privacy.inversion.recovered import possible_bins, rule_for, span_of
from fluid.privacy.inversion.seen import Seen
from fluid.privacy.statistics import Measured


class Guesses(NamedTuple):
    """The mean of the others `(M,)`: as it is, as the folder has a partner guess it, and as he guesses it without the folder."""

    truth: np.ndarray
    folder: np.ndarray
    prior: np.ndarray


def own_part(seen: Seen, place: int) -> np.ndarray:
    """Return the odds of the partner's share in each label, `a / (1 − a)` `(M,)`: the mean over what is possible, or equal shares."""
    rule, companies = rule_for(seen, place), seen.released.companies or len(seen.others) + 1
    if rule is None:
        return np.full(len(seen.own.bins), 1 / max(companies - 1, 1))
    told = multisets(rule, seen.own.n_bins)
    possible = possible_bins(seen, place, told)
    odds = told.own / (1 - told.own)
    count = possible.sum(axis=1)
    mean: np.ndarray = np.where(count > 0, (possible * odds[seen.own.bins]).sum(axis=1) / np.maximum(count, 1), 1 / (rule.companies - 1))
    return mean


def guesses(seen: Seen, place: int) -> Guesses:
    """Return the guesses of the mean of the others.

    `label + (label − own) a / (1 − a)` solves for the mean; where the share `a` is not told, its expected odds shrink the solution towards
    the label. Without the folder: the best linear function of the partner's own answers.

    Raises:
        ValueError: Nothing is known of the others.
    """
    label, own = seen.released.label[:, place].astype(np.float64), seen.own.answers[:, place].astype(np.float64)
    truth = np.stack([one.answers[:, place] for one in seen.others]).astype(np.float64).mean(axis=0)
    known = np.isfinite(label) & np.isfinite(own) & np.isfinite(truth)
    label, own, truth = label[known], own[known], truth[known]
    basis = np.stack([np.ones(len(own)), own], axis=1)
    prior = basis @ np.linalg.lstsq(basis, truth, rcond=None)[0]
    solved = np.clip(label + (label - own) * own_part(seen, place)[known], *span_of(seen.released, seen.own, place))
    return Guesses(truth, solved, prior)


def error_of(guess: np.ndarray, truth: np.ndarray, alpha: float = 0.05) -> Measured:
    """Return the root mean square error of guesses `(M,)` with a normal interval of the mean square."""
    squares = (guess - truth) ** 2
    mean = float(squares.mean())
    half = float(norm.isf(alpha / 2)) * float(squares.std()) / len(squares) ** 0.5
    return Measured(mean**0.5, max(mean - half, 0.0) ** 0.5, (mean + half) ** 0.5)
