"""Attacks that read nothing of a release: what they find is how members and non-members differ anyway.

References:
    Das, Zhang & Tramèr, 2024, arXiv:2406.16201 (blind baselines).
"""

import numpy as np

from fluid.privacy.attack import NOTHING, Attack
from fluid.privacy.scene import Scene
from fluid.seeding import numpy_stream

FOLDS, FEWEST = 5, 10


def public_neighbour(scene: Scene) -> np.ndarray:
    """Return the similarity of a candidate to its nearest public molecule that is another one."""
    near = scene.nearest.similarity
    return np.where(scene.in_public & (near.shape[1] > 1), near[:, min(1, near.shape[1] - 1)], near[:, 0]).astype(np.float64)


def structure_alone(scene: Scene) -> np.ndarray:
    """Return cross-validated log-odds of membership by logistic regression on substructures."""
    from sklearn.linear_model import LogisticRegression

    features, member = scene.features, scene.candidates.member
    fold = numpy_stream(scene.seed, "blind folds").permutation(len(member)) % FOLDS
    found = np.full(len(member), np.nan)
    for number in range(FOLDS):
        inside = fold != number
        fitted = LogisticRegression(C=0.1, class_weight="balanced", max_iter=200, tol=1e-3).fit(features[inside], member[inside])
        said = fitted.decision_function(features[~inside])
        found[~inside] = said - said.mean()
    return found


def can_learn(scene: Scene) -> bool:
    """Return whether there are members and non-members enough in each fold."""
    member = scene.candidates.member
    return bool(min(member.sum(), (~member).sum()) >= FEWEST)


def has_public(scene: Scene) -> bool:
    """Return whether there are public molecules."""
    return scene.public is not None


NEIGHBOUR = Attack(
    "public_neighbour",
    1,
    NOTHING,
    "How similar is the nearest public molecule? Nothing of the release is read.",
    has_public,
    public_neighbour,
    either_way=True,
)
STRUCTURE = Attack(
    "structure_alone", 1, NOTHING, "Do members look otherwise than non-members? Nothing of the release is read.", can_learn, structure_alone
)
