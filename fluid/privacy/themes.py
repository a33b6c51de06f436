"""What a release tells of a company as a whole: how many molecules it has measured, how many of them are active, and which kinds for what.

Protection of single molecules hides none of it, since no molecule decides it (property inference: Ateniese et al. 2015,
doi:10.1504/IJSN.2015.071829). So it has no bound: it is told, beside what is true, and what could be guessed without the release.
"""

from dataclasses import dataclass

import numpy as np

from fluid.privacy.attacks.evidence_counts import LEAST, releases_evidence
from fluid.privacy.finding import FEWEST
from fluid.privacy.reconstruction import mean_of
from fluid.privacy.scene import Answers, Scene
from fluid.privacy.statistics import auc

COMMON = 5
"""Substructures, the most common public ones, by which molecules are counted: nearly all molecules have them."""
SHARPNESS = 4
"""Power of nearness to the company's data by which answers are weighed: at home they are about the molecules that it has."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Something that a release tells of a company.

    Attributes:
        name: `measured`, `active` or `kinds`.
        endpoint: The endpoint.
        told: What follows from the release.
        true: What is true; of `kinds`, the same figure for non-members, whom no protection of single molecules is about.
        guess: What would be said without the release: by what other companies sent, or, of `kinds`, by tossing a coin; `None`: nothing.
    """

    name: str
    endpoint: str
    told: float
    true: float
    guess: float | None = None


SAYS = {
    "measured": "How many molecules were measured? By how often evidence counts what nearly all molecules have.",
    "active": "Which share is active? By the mean answer to public molecules, most of all to those near its data.",
    "kinds": "Which molecules were measured for this endpoint, and which for others only? (AUC)",
}


def measured(scene: Scene) -> list[Theme]:
    """Return, per endpoint, how many molecules evidence lets somebody count."""
    if scene.whole is None or scene.evidence is None or not releases_evidence(scene) or scene.public is None:
        return []
    common = np.argsort(-scene.public.share, kind="stable")[:COMMON]
    told = np.median(scene.evidence[:, common] / scene.public.share[common], axis=1)
    return [Theme("measured", one.name, float(told[t]), float(scene.whole.measured[t])) for t, one in enumerate(scene.endpoints)]


def active(scene: Scene) -> list[Theme]:
    """Return, per endpoint of classes, which share of actives the answers to public molecules tell; the guess is by those of others."""
    if scene.whole is None or scene.sent is None:
        return []
    told = np.average(scene.sent.answers.prediction, axis=0, weights=at_home(scene.sent.answers))
    others = [one.answers.prediction.mean(axis=0) for one in scene.others]
    found = []
    for t in np.flatnonzero(scene.is_class & np.isfinite(told) & np.isfinite(scene.whole.active)):
        known = [float(one[t]) for one in others if np.isfinite(one[t])]
        guess = float(np.mean(known)) if known else None
        found.append(Theme("active", scene.endpoints[t].name, float(told[t]), float(scene.whole.active[t]), guess))
    return found


def at_home(answers: Answers) -> np.ndarray:
    """Return how near each of `M` answers is to the company's own molecules, `(M,)`: by familiarity, else by bins, else all alike."""
    planes = [answers.signals[name] for name in ("familiarity", "bin") if name in answers.signals]
    for plane in planes:
        if np.ptp(plane) > 0:
            found: np.ndarray = (plane.astype(np.float64) - plane.min()) ** SHARPNESS
            return found
    return np.ones(len(answers.prediction))


def kinds(scene: Scene) -> list[Theme]:
    """Return, per endpoint of several, how well evidence tells molecules that were measured for it from those measured for others only."""
    if scene.evidence is None or len(scene.endpoints) < 2 or not releases_evidence(scene):
        return []
    counts, known = np.maximum(scene.evidence.astype(np.float64), LEAST), np.isfinite(scene.candidates.labels)
    found = []
    for t, endpoint in enumerate(scene.endpoints):
        others = np.delete(counts, t, axis=0).mean(axis=0)
        score = mean_of(np.log(counts[t] / others))(scene.features)
        pairs = [divided(score, known, t, scene.candidates.member == mark) for mark in (True, False)]
        if all(min(map(len, pair)) >= FEWEST for pair in pairs):
            found.append(Theme("kinds", endpoint.name, auc(*pairs[0]), auc(*pairs[1]), 0.5))
    return found


def divided(score: np.ndarray, known: np.ndarray, place: int, these: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of molecules that were measured for an endpoint, and of those that were measured for others only."""
    these = these & known.any(axis=1)
    return score[these & known[:, place]], score[these & ~known[:, place]]


def themes_of(scene: Scene) -> tuple[Theme, ...]:
    """Return all that a release tells of the company as a whole."""
    return (*measured(scene), *active(scene), *kinds(scene))
