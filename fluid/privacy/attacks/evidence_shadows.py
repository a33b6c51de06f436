"""Shadow companies that release evidence: what counts look like for those who are in, learnt on molecules of the same chemistry."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import norm

from fluid.molecules.substructures import presence
from fluid.privacy.attack import Attack
from fluid.privacy.attacks.evidence_counts import EVIDENCE, LEAST, counts_of, profile, releases_evidence
from fluid.privacy.scene import Scene
from fluid.seeding import numpy_stream

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

SHADOWS = 8


def described(features: "csr_matrix", counts: np.ndarray) -> np.ndarray:
    """Return what a classifier reads of molecules, `(N, 6)`: shares of missing and single counts, their numbers, mean logarithm, size."""
    found, there = profile(features, counts), presence(features)
    level = np.asarray(there @ np.log(np.maximum(counts, LEAST))) / found.size
    columns = (found.missing / found.size, found.singletons / found.size, found.missing > 0, np.log1p(found.singletons), level, found.size)
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


class Release(NamedTuple):
    """How a company releases counts, as its release shows: standard deviation of the noise, and the smallest count that is released."""

    noise: float
    least: float

    def of(self, counts: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Return what it would release of exact counts `(D,)`."""
        noisy = counts + generator.normal(0.0, self.noise, counts.shape) if self.noise else counts
        return np.where(noisy < self.least, 0.0, noisy)


def release_of(counts: np.ndarray, seen: np.ndarray) -> Release:
    """Return how counts `(D,)` were released.

    Whole counts have no noise. Of a substructure that no known molecule has, `seen` `(D,)` is false and the count all noise, of which the
    negative half is released as 0, and what is below the least too: its upper tail says how wide it is.
    """
    positive = counts[counts > 0]
    least = float(positive.min()) if len(positive) else 1.0
    if np.array_equal(positive, np.round(positive)) or not (~seen).any():
        return Release(0.0, least)
    share = float((counts[~seen] > 0).mean())
    if share == 0:  # the noise is far below the least count, and shows in how far counts are from whole ones
        return Release(float(np.sqrt(np.mean((positive - np.round(positive)) ** 2))), least)
    if share < 0.49:
        return Release(least / float(norm.isf(share)), least)
    return Release(float(np.sqrt(2 * np.mean(counts[~seen] ** 2))), 0.0)


def evidence_shadows(scene: Scene) -> np.ndarray:
    """Return the log-odds of membership by a logistic regression that was taught by shadow companies.

    Each has a random half of the candidates (as large a share as are members), counts and releases their substructures as the company did,
    noise and counts held back included, and shows which counts go with membership.

    References:
        Shokri et al., *IEEE S&P* 2017, doi:10.1109/SP.2017.41.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    generator, features = numpy_stream(scene.seed, "evidence shadows"), scene.features
    there, seen, inside = presence(features), [], []
    public = scene.public.share > scene.public.share.min() if scene.public else np.zeros(features.shape[1], dtype=bool)
    way = release_of(counts_of(scene), public | (np.asarray(there.sum(axis=0)).ravel() > 0))
    for _ in range(SHADOWS):
        own = generator.random(len(scene.candidates)) < scene.candidates.member.mean()
        seen.append(described(features, way.of(np.asarray(there[own].sum(axis=0)).ravel(), generator)))
        inside.append(own)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(np.concatenate(seen), np.concatenate(inside))
    found: np.ndarray = classifier.decision_function(described(features, counts_of(scene)))
    return found


ATTACK = Attack(
    "evidence_shadows",
    2,
    EVIDENCE,
    "Do its counts look like those of members of companies that the attacker made up himself?",
    releases_evidence,
    evidence_shadows,
    informed=True,
)
