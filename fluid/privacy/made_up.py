"""Margins of a company about candidates, beside those of made-up companies that have learnt them, and of those that have not."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from fluid.models.additive_solve import ridge_together
from fluid.privacy.scene import COPY_STRENGTH, Scene, margins_of
from fluid.privacy.shadows import Taught, halves, teach_shadows
from fluid.seeding import numpy_stream

SHADOWS, FEWEST = 32, 40
STRENGTHS = (0.03, 0.3)
"""Inverse penalties that the attacker tries; he keeps the one whose margins spread as the company's do."""


class Beside(NamedTuple):
    """Margins about some candidates.

    Attributes:
        rows: Which candidates `(n,)`.
        own: Of the company `(n,)`, with the mean and the spread of the shadows': a company of another kind may be surer of everything.
        margins: Of `S` shadows `(S, n)`.
        inside: Which candidates each shadow has learnt `(S, n)`.
        taught: The shadows.
    """

    rows: np.ndarray
    own: np.ndarray
    margins: np.ndarray
    inside: np.ndarray
    taught: Taught


def scaled_to(margin: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return margins with the mean and the spread of others."""
    spread = float(np.std(margin))
    scaled: np.ndarray = (margin - margin.mean()) / (spread or 1.0) * float(np.std(like)) + float(np.mean(like))
    return scaled


def known_rows(scene: Scene, scores: np.ndarray, place: int) -> np.ndarray | None:
    """Return which candidates have a label of an endpoint and a score `(n,)`; `None` where they are too few, or all labels are one."""
    labels = scene.candidates.labels[:, place]
    rows = np.flatnonzero(np.isfinite(labels) & np.isfinite(scores))
    return None if len(rows) < FEWEST or np.ptp(labels[rows]) == 0 else rows


def scores_on(scene: Scene, place: int) -> np.ndarray:
    """Return what the company says of the candidates, one endpoint `(N,)`; NaN where it says nothing."""
    own = scene.own_scores()
    return np.full(len(scene.candidates), np.nan) if own is None else own[:, place]


@lru_cache(4)
def beside_shadows(scene: Scene, place: int) -> Beside | None:
    """Return the margins about an endpoint; shadows are additive models on the candidates' labels. `None` where too few are known.

    The last few are kept: several attacks read the same shadows.
    """
    scores = scores_on(scene, place)
    rows = known_rows(scene, scores, place)
    if rows is None:
        return None
    labels, is_class = scene.candidates.labels[rows, place], bool(scene.is_class[place])
    inside = halves(len(rows), SHADOWS, float(scene.candidates.member[rows].mean()), numpy_stream(scene.seed, "lira", str(place)))
    features, own = scene.features[rows], margins_of(scores[rows], labels, is_class)
    tried = [teach_shadows(features, labels, is_class, inside, c) for c in STRENGTHS]
    said = [margins_of(one.scores(features), labels, is_class) for one in tried]
    best = min(range(len(said)), key=lambda number: abs(float(np.log(np.std(said[number]) / (np.std(own) or 1.0)))))
    return Beside(rows, scaled_to(own, said[best]), said[best], inside, tried[best])


def beside_students(scene: Scene, place: int) -> Beside | None:
    """Return the margins where shadows are students: each shadow answers the public molecules, and is copied from these answers.

    Of a consensus the partner's own answers are mixed in, as in the real one. `None` where too few candidates are known, or nothing public.
    """
    made = beside_shadows(scene, place)
    if made is None or scene.public is None:
        return None
    said = made.taught.scores(scene.public.features)
    if scene.released is not None and scene.others:
        said = (said + scene.others[0].heads.scores(scene.public.features)[:, place]) / 2
    used = np.flatnonzero(np.diff(scene.public.features.tocsc().indptr))  # of what no public molecule has, no copy knows anything
    weights, bias = np.zeros((len(said), scene.public.features.shape[1])), np.zeros(len(said))
    weights[:, used], bias[:] = ridge_together(scene.public.features[:, used], said.T, COPY_STRENGTH)
    labels, is_class = scene.candidates.labels[made.rows, place], bool(scene.is_class[place])
    copied = Taught(weights, bias)
    margins = margins_of(copied.scores(scene.features[made.rows]), labels, is_class)
    own = scene.copied.scores(scene.features[made.rows])[:, place] if scene.copied else scores_on(scene, place)[made.rows]
    return Beside(made.rows, scaled_to(margins_of(own, labels, is_class), margins), margins, made.inside, copied)
