"""How much a partner recovers: of how many molecules others' bins or answers follow that he could not have guessed without the folder."""

from dataclasses import dataclass

import numpy as np

from fluid.privacy.inversion.mean_of_others import error_of, guesses
from fluid.privacy.inversion.recovered import TOLERANCE, Recovered, recovered_answers, recovered_bins, rule_for, span_of
from fluid.privacy.inversion.seen import Seen
from fluid.privacy.policy import PolicySpec, Verdict, judge
from fluid.privacy.statistics import Measured, clopper_pearson

BINS, ANSWERS = "others_bins", "others_answers"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Inverted:
    """What a partner recovers of one thing.

    Attributes:
        name: `others_bins`, or `others_answers:` and the endpoint.
        version: Version of the attack.
        says: What is recovered, in a sentence.
        companies: How many companies the consensus is of, as far as is known; else 0.
        molecules: Transfer molecules.
        told: Share of molecules of which it follows from the folder.
        beyond: Share of which it follows (rightly, as far as that is known), and which a partner would not have guessed without the folder.
        right: Of those that follow, the share that is right, where others' answers are known; else `None`.
        error: Root mean square error of the guess of the mean of the others, where their answers are known; of bins `None`.
        prior_error: The same of what a partner would guess from his own answers alone.
        verdict: What is said of the bound on `beyond`.
    """

    name: str
    version: int
    says: str
    companies: int
    molecules: int
    told: Measured
    beyond: Measured
    right: Measured | None
    error: Measured | None
    prior_error: Measured | None
    verdict: Verdict


def invert(seen: Seen, policy: PolicySpec, alpha: float) -> tuple[Inverted, ...]:
    """Return what a partner recovers of the others' bins, and of their answers to each endpoint that he answers himself.

    Args:
        seen: The folder, and his own answers.
        policy: The bounds.
        alpha: Level of each interval.
    """
    names = [one.name for one in seen.released.endpoints]
    answered = [place for place in range(len(names)) if np.isfinite(seen.own.answers[:, place]).any()]
    found = []
    if seen.own.n_bins > 1:
        bins = recovered_bins(seen, answered[0] if answered else 0)
        found.append(measured(seen, (BINS, "Of how many molecules do the others' domain bins follow?", 0), bins, policy, alpha))
    for place in answered:
        says = f"Of how many molecules does another company's answer ({names[place]}) follow, to within {TOLERANCE:g} of its range?"
        about = (f"{ANSWERS}:{names[place]}", says, place)
        found.append(measured(seen, about, recovered_answers(seen, place), policy, alpha))
    return tuple(found)


def measured(seen: Seen, about: tuple[str, str, int], recovered: Recovered, policy: PolicySpec, alpha: float) -> Inverted:
    """Return how much of one thing is recovered, and whether the bound holds.

    Args:
        seen: The folder, the partner's answers, and the truth where it is known.
        about: Name, sentence and place of the endpoint.
        recovered: What was.
        policy: The bounds.
        alpha: Level of the intervals.
    """
    name, says, place = about
    follows, n, true = recovered.follows, len(recovered.values), correct(seen, name, place, recovered)
    counts = follows & ~recovered.guessed if true is None else follows & ~recovered.guessed & true
    beyond = clopper_pearson(int(counts.sum()), n, alpha)
    told, rule = clopper_pearson(int(follows.sum()), n, alpha), rule_for(seen, place)
    companies = seen.released.companies or (rule.companies if rule else 0)
    verdict = judge("beyond", beyond, policy.inversion)
    right = clopper_pearson(int(true.sum()), int(follows.sum()), alpha) if true is not None and follows.any() else None
    if name == BINS or not knows_all(seen):
        return Inverted(name, VERSION, says, companies, n, told, beyond, right, None, None, verdict)
    guess = guesses(seen, place)
    errors = (error_of(guess.folder, guess.truth, alpha), error_of(guess.prior, guess.truth, alpha))
    return Inverted(name, VERSION, says, companies, n, told, beyond, right, *errors, verdict)


def knows_all(seen: Seen) -> bool:
    """Return whether all others' answers are known."""
    rule = rule_for(seen, 0)
    companies = seen.released.companies or (rule.companies if rule else 0)
    return bool(seen.others) and len(seen.others) == companies - 1


def correct(seen: Seen, name: str, place: int, recovered: Recovered) -> np.ndarray | None:
    """Return of which molecules what follows is right, `(M,)` bool; `None` where the truth is not known."""
    if not knows_all(seen):
        return None
    rows = np.flatnonzero(recovered.follows)
    values, found = recovered.values[rows], np.zeros(len(recovered.values), dtype=bool)
    if name == BINS:
        bins = np.stack([one.bins[rows] for one in seen.others])
        truth = np.stack([(bins == step).sum(axis=0) for step in range(seen.own.n_bins)], axis=1)
        found[rows] = (values == truth).all(axis=1)
        return found
    span = span_of(seen.released, seen.own, place)
    answers = np.sort(np.stack([one.answers[rows, place] for one in seen.others], axis=1).astype(np.float64), axis=1)
    one = np.abs(answers - values[:, :1]).min(axis=1, initial=np.inf)
    both = np.abs(answers - values).max(axis=1, initial=0.0) if values.shape == answers.shape else one
    found[rows] = np.where(values[:, 0] == values[:, -1], one, both) <= 1.5 * TOLERANCE * (span.high - span.low)
    return found
