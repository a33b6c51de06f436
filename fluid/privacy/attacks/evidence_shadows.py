"""Shadow companies that release evidence: what counts look like for those who are in, learnt on molecules of the same chemistry."""

from typing import TYPE_CHECKING

import numpy as np

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


def evidence_shadows(scene: Scene) -> np.ndarray:
    """Return the log-odds of membership by a logistic regression that was taught by shadow companies.

    Each has a random half of the candidates, counts their substructures as the company did, and shows which counts go with membership. The
    company's own counts are scaled to a shadow's size first where they are of more molecules.

    References:
        Shokri et al., *IEEE S&P* 2017, doi:10.1109/SP.2017.41.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    generator, features = numpy_stream(scene.seed, "evidence shadows"), scene.features
    there, seen, inside = presence(features), [], []
    for _ in range(SHADOWS):
        own = generator.random(len(scene.candidates)) < scene.candidates.member.mean()
        seen.append(described(features, np.asarray(there[own].sum(axis=0)).ravel()))
        inside.append(own)
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)).fit(np.concatenate(seen), np.concatenate(inside))
    found: np.ndarray = classifier.decision_function(described(features, counts_of(scene)))
    return found


ATTACK = Attack(
    "evidence_shadows",
    1,
    EVIDENCE,
    "Do its counts look like those of members of companies that the attacker made up himself?",
    releases_evidence,
    evidence_shadows,
    informed=True,
)
