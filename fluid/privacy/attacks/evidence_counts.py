"""What a molecule's substructures would say in a release of counts if it were among those that were counted."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fluid.molecules.substructures import presence
from fluid.privacy.attack import Attack
from fluid.privacy.scene import Scene

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

LEAST = 0.05
"""A count that is released as 0, or less by noise, is taken for this when its logarithm is needed."""


class Profile(NamedTuple):
    """What counts say of `N` molecules, `(N,)` each: substructures without a count, with a count of one, and how many there are at all."""

    missing: np.ndarray
    singletons: np.ndarray
    size: np.ndarray


def profile(features: "csr_matrix", counts: np.ndarray) -> Profile:
    """Return what counts `(D,)` say of molecules with some features `(N, D)`; a count of one may be off by half, by noise."""
    found = presence(features)
    missing, single = counts < 0.5, (counts >= 0.5) & (counts < 1.5)
    size = np.maximum(np.asarray(found.sum(axis=1)).ravel(), 1.0)
    return Profile(found @ missing.astype(np.float64), found @ single.astype(np.float64), size)


def counts_of(scene: Scene) -> np.ndarray:
    """Return the counts of the endpoint that counts most molecules, `(D,)`; a member that was measured in another one may be missed."""
    counts = np.zeros((1, scene.dictionary.n_bits)) if scene.evidence is None else scene.evidence.astype(np.float64)
    top: np.ndarray = counts.max(axis=0)
    return top


def releases_evidence(scene: Scene) -> bool:
    """Return whether evidence is released, about one substructure at least."""
    return scene.evidence is not None and bool(scene.evidence.max() > 0)


def known_substructures(scene: Scene) -> np.ndarray:
    """Return minus the share of a candidate's substructures without a count: who was counted has none."""
    found = profile(scene.features, counts_of(scene))
    share: np.ndarray = -found.missing / found.size
    return share


def singletons(scene: Scene) -> np.ndarray:
    """Return how many of a candidate's substructures were counted once; minus those that were not, where there are any."""
    found = profile(scene.features, counts_of(scene))
    return np.where(found.missing > 0, -found.missing, found.singletons)


def count_ratio(scene: Scene) -> np.ndarray:
    """Return the log-likelihood ratio of a candidate's counts with and without it, `mean_b log(n_b / λ_b)`.

    A count of molecules that others have is about Poisson of mean `λ_b`; with the candidate it is one more, and
    `P(n − 1; λ) / P(n; λ) = n / λ`. `λ_b` is what the public molecules' share of the substructure would give.
    """
    counts, found = counts_of(scene), presence(scene.features)
    share = scene.public.share if scene.public else np.full(len(counts), 1 / len(counts))
    expected = np.maximum(share / share.max() * counts.max(), LEAST)
    ratio = np.log(np.maximum(counts, LEAST) / expected)
    size = np.maximum(np.asarray(found.sum(axis=1)).ravel(), 1.0)
    mean: np.ndarray = np.asarray(found @ ratio) / size
    return mean


EVIDENCE = "the evidence"
KNOWN = Attack(
    "known_substructures", 1, EVIDENCE, "Is there a count for every substructure of the molecule?", releases_evidence, known_substructures
)
SINGLETONS = Attack(
    "singletons", 1, EVIDENCE, "How many of its substructures were counted exactly once, and none never?", releases_evidence, singletons
)
RATIO = Attack(
    "count_ratio",
    1,
    EVIDENCE,
    "How much more often were its substructures counted than public molecules would have it?",
    releases_evidence,
    count_ratio,
    either_way=True,
)
