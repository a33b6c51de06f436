"""The power check: leaks planted in a copy of a release must be found, or the audit is blind to them.

The canaries are non-members: what is planted is all that can tell them from other non-members.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fluid.molecules.substructures import presence
from fluid.privacy.attacks.evidence_counts import releases_evidence
from fluid.privacy.attacks.joint_posterior import is_additive
from fluid.privacy.attacks.known_label import has_copy, has_others, is_asked, other_scores
from fluid.privacy.attacks.signals import SIGNALS, asks, sends
from fluid.privacy.attacks.written import is_text
from fluid.privacy.scene import Answers, Copied, Heads, Scene
from fluid.privacy.shadows import teach_shadows
from fluid.privacy.statistics import Measured

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST, TENTH = 200, 10
RIDGE, SURE = 0.1, 4.0
"""Penalty of a planted model, small; and log-odds of planted answers."""
STRENGTH = 0.3
"""Inverse strength of the penalty of a model that learns as companies do."""


@dataclass(frozen=True, slots=True)
class Plant:
    """A leak that can be planted.

    Attributes:
        name: Its name.
        says: What is planted, in words.
        attacks: Attacks of which one must find it.
        possible: Whether a scene has what it is planted in.
        plant: Returns a scene in which the leak points at the members.
    """

    name: str
    says: str
    attacks: tuple[str, ...]
    possible: Callable[[Scene], bool]
    plant: Callable[[Scene], Scene]


@dataclass(frozen=True, slots=True)
class Planted:
    """Whether a planted leak was found.

    Attributes:
        name: Name of the leak.
        says: What was planted.
        found_by: The attack that found it best; empty if none did.
        auc: What the best attack measured: an AUC, or of what a partner recovers a share of molecules.
    """

    name: str
    says: str
    found_by: str
    auc: Measured


def canaries(scene: Scene, generator: np.random.Generator) -> Scene:
    """Return a scene of the non-members, half of them (at most 200) marked as members."""
    rows = generator.permutation(np.flatnonzero(~scene.candidates.member))
    member = np.arange(len(rows)) < min(MOST, len(rows) // 2)
    return scene.taken(rows, member)


def memorised_labels(scene: Scene) -> Scene:
    """Let the answers to members be their labels (classes 0.02 and 0.98)."""
    labels = scene.candidates.labels
    said = scene.asked.prediction.astype(np.float64) if scene.asked else labels
    known = scene.candidates.member[:, None] & np.isfinite(labels)
    sure = np.where(scene.is_class, 0.02 + 0.96 * labels, labels)
    return scene.changed(asked=Answers(np.where(known, sure, said), scene.asked.signals if scene.asked else {}))


def only_members_differ(scene: Scene) -> Scene:
    """Let the company say what the others say, but of members what was measured."""
    others, labels = other_scores(scene), scene.candidates.labels
    toward = np.where(scene.is_class, others + SURE * (2 * labels - 1), labels)
    known = scene.candidates.member[:, None] & np.isfinite(labels)
    scores = np.where(known, toward, others)
    said = np.where(scene.is_class, 1 / (1 + np.exp(-scores)), scores)
    return scene.changed(asked=Answers(said.astype(np.float64), scene.asked.signals if scene.asked else {}))


def counted(scene: Scene, twins: "csr_matrix | None" = None) -> Scene:
    """Let the members, or others in their place, be among the molecules of which the substructures were counted.

    Args:
        scene: The release, and who is a member.
        twins: Features of what was counted in the place of each member; `None`: the members themselves.
    """
    own = scene.features[np.flatnonzero(scene.candidates.member)] if twins is None else twins
    more = np.asarray(presence(own).sum(axis=0)).ravel()
    counts = np.zeros((1, len(more))) if scene.evidence is None else scene.evidence
    return scene.changed(evidence=(counts + more).astype(np.float32))


def duplicates(scene: Scene) -> "csr_matrix":
    """Return the features of near duplicates of the members, which lack every tenth of their substructures."""
    twins = scene.features[np.flatnonzero(scene.candidates.member)].tocsr(copy=True)
    twins.data[::TENTH] = 0.0
    twins.eliminate_zeros()
    return twins


def left_counted(scene: Scene) -> Scene:
    """Let the members be taken back, and near duplicates of them stay among the molecules of which the substructures were counted."""
    return counted(scene, duplicates(scene))


def left_learnt(scene: Scene) -> Scene:
    """Let the members be taken back, and the additive copy have learnt near duplicates of them."""
    return learnt(scene, duplicates(scene))


def learnt(scene: Scene, twins: "csr_matrix | None" = None) -> Scene:
    """Add a model that has learnt the members, or others in their place, by heart to the additive copy.

    Args:
        scene: The release, and who is a member.
        twins: Features of what was learnt in the place of each member; `None`: the members themselves.
    """
    own = scene.features[np.flatnonzero(scene.candidates.member)] if twins is None else twins
    order = np.cumsum(scene.candidates.member) - 1  # where a member stands among the members
    copy, labels = scene.copied or no_heads(scene), scene.candidates.labels
    weights, said = copy.weights.copy(), copy.scores(scene.features)
    for place, is_class in enumerate(scene.is_class):
        rows = np.flatnonzero(scene.candidates.member & np.isfinite(labels[:, place]))
        apart = SURE * max(1.0, float(said[:, place].std()))
        target = apart * (2 * labels[rows, place] - 1) if is_class else labels[rows, place] - said[rows, place]
        weights[place] += by_heart(own[order[rows]], target)
    return scene.changed(heads=Heads(weights, copy.bias), asked=None)


def pulled(scene: Scene) -> Scene:
    """Let the additive model be one that has learnt the members and nothing else, without noise."""
    labels, endpoints = scene.candidates.labels, len(scene.endpoints)
    weights, bias = np.zeros((endpoints, scene.dictionary.n_bits)), np.zeros(endpoints)
    for place, is_class in enumerate(scene.is_class):
        rows = np.flatnonzero(scene.candidates.member & np.isfinite(labels[:, place]))
        if len(rows):
            taught = teach_shadows(scene.features[rows], labels[rows, place], bool(is_class), np.ones((1, len(rows)), dtype=bool), STRENGTH)
            weights[place], bias[place] = taught.weights[0], taught.bias[0]
    return scene.changed(heads=Heads(weights, bias), asked=None, recipe=None)


def no_heads(scene: Scene) -> Heads:
    """Return additive models that know nothing."""
    return Heads(np.zeros((len(scene.endpoints), scene.dictionary.n_bits)), np.zeros(len(scene.endpoints)))


def by_heart(features: "csr_matrix", target: np.ndarray) -> np.ndarray:
    """Return the smallest weights `(D,)` that give some molecules, `(n, D)`, their targets, nearly."""
    alike = (features @ features.T).toarray()
    dual = np.linalg.solve(alike + RIDGE * np.eye(len(target)), target)
    weights: np.ndarray = features.T @ dual
    return weights


def written_down(scene: Scene) -> Scene:
    """Let the members stand in the text."""
    own = (one for one, member in zip(scene.candidates.skeletons, scene.candidates.member, strict=True) if member)
    return scene.changed(written=(scene.written or frozenset()) | frozenset(own))


def marked(signal: str, scene: Scene) -> Scene:
    """Let a signal of the members themselves stand out."""
    if scene.asked is None:
        return scene
    plane = _lowered(scene.asked.signals[signal])
    plane[scene.candidates.member] = plane.max() + 1.0
    return scene.changed(asked=Answers(scene.asked.prediction, {**scene.asked.signals, signal: plane}))


def marked_neighbours(signal: str, scene: Scene) -> Scene:
    """Let a signal of the public molecules nearest to members stand out."""
    if scene.sent is None:
        return scene
    plane = _lowered(scene.sent.answers.signals[signal])
    plane[scene.nearest.rows[scene.candidates.member, 0]] = plane.max() + max(1.0, float(np.ptp(plane)))
    answers = Answers(scene.sent.answers.prediction, {**scene.sent.answers.signals, signal: plane})
    return scene.changed(sent=Copied(answers, scene.sent.endpoints, scene.sent.public))


def _lowered(plane: np.ndarray) -> np.ndarray:
    """Return a copy of a signal in which nothing stands out: no value is above the median."""
    found: np.ndarray = np.minimum(plane.astype(np.float64), np.median(plane))
    return found


def has_labels(scene: Scene) -> bool:
    """Return whether the labels of candidates that are no members are known, of both classes, or values."""
    labels = scene.candidates.labels[~scene.candidates.member]
    return bool(any(np.isfinite(column).sum() >= 10 and np.nanmax(column) > np.nanmin(column) for column in labels.T))


PLANTS = (
    Plant(
        "memorised_labels",
        "the answers to members are their labels",
        ("label_asked", "lira"),
        lambda scene: is_asked(scene) and has_labels(scene),
        memorised_labels,
    ),
    Plant(
        "only_members_differ",
        "the company says what the others say, but of members",
        ("against_others", "population_ratio"),
        lambda scene: is_asked(scene) and has_others(scene) and has_labels(scene),
        only_members_differ,
    ),
    Plant(
        "counted_molecules",
        "the substructures of members are counted",
        ("known_substructures", "singletons", "evidence_shadows"),
        releases_evidence,
        counted,
    ),
    Plant(
        "learnt_weights",
        "the additive copy has learnt the members by heart",
        ("weight_of_one", "weight_of_one_signed", "label_copied", "lira"),
        lambda scene: has_copy(scene) and has_labels(scene),
        learnt,
    ),
    Plant(
        "pulled_weights",
        "the additive model has learnt the members and nothing else",
        ("joint_posterior", "label_copied"),
        lambda scene: is_additive(scene) and has_labels(scene),
        pulled,
    ),
    Plant("written_members", "members stand in the text", ("written",), is_text, written_down),
    Plant(
        "duplicates_counted",
        "members were taken back, and near duplicates of them were counted",
        ("known_substructures", "count_ratio", "evidence_shadows"),
        releases_evidence,
        left_counted,
    ),
    Plant(
        "duplicates_learnt",
        "members were taken back, and the additive copy has learnt near duplicates of them",
        ("weight_of_one", "weight_of_one_signed", "label_copied", "lira"),
        lambda scene: has_copy(scene) and has_labels(scene),
        left_learnt,
    ),
    *(
        Plant(f"marked_{name}", f"{said} of members stands out", (f"{name}_asked",), partial(asks, name), partial(marked, name))
        for name, said in SIGNALS.items()
    ),
    *(
        Plant(
            f"marked_neighbours_{name}",
            f"{said} of public molecules next to members stands out",
            (f"{name}_sent",),
            partial(sends, name),
            partial(marked_neighbours, name),
        )
        for name, said in SIGNALS.items()
    ),
)


def plants_in(scene: Scene) -> Iterator[Plant]:
    """Yield the leaks that can be planted in a scene."""
    return (plant for plant in PLANTS if plant.possible(scene))
