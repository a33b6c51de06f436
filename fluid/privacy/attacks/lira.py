"""The likelihood-ratio attack: how right is the company about a molecule, beside shadow companies that have it, and that have it not."""

from typing import NamedTuple

import numpy as np

from fluid.privacy.attack import Attack
from fluid.privacy.attacks.known_label import has_copy, is_asked
from fluid.privacy.scene import Scene, margins_of, mean_known
from fluid.privacy.shadows import halves, train_shadows
from fluid.seeding import numpy_stream

SHADOWS, FEWEST = 32, 40
STRENGTHS = (0.03, 0.3)
"""Inverse penalties that the attacker tries; he keeps the one whose margins spread as the company's do."""


class Normal(NamedTuple):
    """Means of margins `(N,)` of shadows that have, and have not, each molecule, and the standard deviations of both kinds."""

    inside: np.ndarray
    outside: np.ndarray
    spread_inside: float
    spread_outside: float


def describe_shadows(margins: np.ndarray, inside: np.ndarray) -> Normal:
    """Return the normal distributions of margins `(S, N)`; with few shadows one spread for all molecules is better than one for each."""
    means, spreads = [], []
    for chosen in (inside, ~inside):
        count = np.maximum(chosen.sum(axis=0), 1)
        mean = np.where(chosen, margins, 0.0).sum(axis=0) / count
        left = np.where(chosen, margins - mean, 0.0)
        freedom = max(int(chosen.sum()) - chosen.shape[1], 1)
        means.append(mean)
        spreads.append(max(float(np.sqrt((left**2).sum() / freedom)), 1e-6))
    return Normal(*means, *spreads)


def log_ratio(margin: np.ndarray, told: Normal) -> np.ndarray:
    """Return `log N(m; μ_in, σ_in) − log N(m; μ_out, σ_out)` of each molecule's margin `(N,)`.

    References:
        Carlini et al., *IEEE S&P* 2022, doi:10.1109/SP46214.2022.9833649, equation 3, with one variance for all.
    """
    inside, outside = (margin - told.inside) / told.spread_inside, (margin - told.outside) / told.spread_outside
    found: np.ndarray = 0.5 * (outside**2 - inside**2) + np.log(told.spread_outside / told.spread_inside)
    return found


def scaled_to(margin: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return margins with the mean and the spread of others: a company of another kind may be surer of everything."""
    spread = float(np.std(margin))
    scaled: np.ndarray = (margin - margin.mean()) / (spread or 1.0) * float(np.std(like)) + float(np.mean(like))
    return scaled


def can_shadow(scene: Scene) -> bool:
    """Return whether an endpoint has labels enough, of both kinds of candidates, and the company says something of them."""
    known = np.isfinite(scene.candidates.labels).sum(axis=0)
    return (is_asked(scene) or has_copy(scene)) and bool(known.max(initial=0) >= FEWEST)


def lira(scene: Scene) -> np.ndarray:
    """Return the mean over endpoints of each candidate's log-likelihood ratio; shadows are additive models on the candidates' labels."""
    own = scene.own_scores()
    mine = np.full(scene.candidates.labels.shape, np.nan) if own is None else own
    return mean_known(np.stack([of_endpoint(scene, mine[:, place], place) for place in range(len(scene.endpoints))], axis=1))


def of_endpoint(scene: Scene, scores: np.ndarray, place: int) -> np.ndarray:
    """Return the log-likelihood ratios of one endpoint `(N,)`; NaN where there is no label, or there are too few."""
    labels, is_class = scene.candidates.labels[:, place], bool(scene.is_class[place])
    found = np.full(len(labels), np.nan)
    rows = np.flatnonzero(np.isfinite(labels) & np.isfinite(scores))
    if len(rows) < FEWEST or np.ptp(labels[rows]) == 0:
        return found
    generator = numpy_stream(scene.seed, "lira", str(place))
    inside = halves(len(rows), SHADOWS, float(scene.candidates.member[rows].mean()), generator)
    features, own = scene.features[rows], margins_of(scores[rows], labels[rows], is_class)
    tried = [margins_of(train_shadows(features, labels[rows], is_class, inside, c).scores, labels[rows], is_class) for c in STRENGTHS]
    margins = min(tried, key=lambda one: abs(float(np.log(np.std(one) / (np.std(own) or 1.0)))))
    found[rows] = log_ratio(scaled_to(own, margins), describe_shadows(margins, inside))
    return found


ATTACK = Attack(
    "lira",
    1,
    "answers, beside those of shadow companies",
    "Is the company as right about it as made-up companies that have the molecule, or as those that do not?",
    can_shadow,
    lira,
    needs_label=True,
    informed=True,
)
