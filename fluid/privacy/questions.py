"""What else a release may tell: the label of a molecule that is known to be in the data, who owns it, and which ones are named for sure."""

from dataclasses import dataclass

import numpy as np

from fluid.privacy.attacks.evidence_counts import counts_of, profile
from fluid.privacy.finding import FEWEST
from fluid.privacy.reconstruction import FIRST, reconstruct
from fluid.privacy.scene import Copied, Scene
from fluid.privacy.statistics import Measured, auc_measured, clopper_pearson


@dataclass(frozen=True, slots=True)
class Question:
    """An answer to a question other than membership.

    Attributes:
        name: Its name.
        says: What is asked, in a sentence.
        members: The figure for members.
        non_members: The same figure for non-members; what members have beyond it is what the data tell.
        blind: The figure for members without the release, where that can be said.
    """

    name: str
    says: str
    members: Measured
    non_members: Measured
    blind: Measured | None = None


def label_inference(scene: Scene) -> list[Question]:
    """Return, per endpoint of classes, how well the company's answers tell the label of members, and of non-members (AUC)."""
    scores, found = scene.own_scores(), list[Question]()
    if scores is None:
        return found
    for place in np.flatnonzero(scene.is_class):
        told = [label_auc(scene, scores[:, place], int(place), mark) for mark in (True, False)]
        if told[0] is not None and told[1] is not None:
            says = f"How well do the answers tell the label ({scene.endpoints[place].name}) of a molecule known to be in the data? (AUC)"
            found.append(Question(f"label:{scene.endpoints[place].name}", says, told[0], told[1]))
    return found


def label_auc(scene: Scene, scores: np.ndarray, place: int, member: bool) -> Measured | None:
    """Return the AUC of the label from scores `(N,)` among members or non-members; `None` where a class has too few."""
    labels = scene.candidates.labels[:, place]
    known = (scene.candidates.member == member) & np.isfinite(labels) & np.isfinite(scores)
    active, inactive = scores[known & (labels > 0.5)], scores[known & (labels <= 0.5)]
    return auc_measured(active, inactive) if min(len(active), len(inactive)) >= FEWEST else None


def owner(scene: Scene) -> list[Question]:
    """Return how often the company is the one, of all that sent bins or certainties, that a molecule is put down to."""
    if scene.sent is None or not scene.others:
        return []
    known = [nearness(scene, one) for one in (scene.sent, *scene.others)]
    if any(one is None for one in known):
        return []
    first = np.all([known[0] > other for other in known[1:]], axis=0)  # type: ignore[operator]
    member = scene.candidates.member
    shares = [clopper_pearson(int(first[mark].sum()), int(mark.sum())) for mark in (member, ~member)]
    says = f"How often is a molecule put down to the company, of {len(known)}, by what was said of public molecules next to it?"
    return [Question("owner", says, *shares)]


def nearness(scene: Scene, one: Copied) -> np.ndarray | None:
    """Return how near a company says that candidates are `(N,)`: by familiarity or bins; `None` where it says neither."""
    for signal in ("familiarity", "bin"):
        plane = one.answers.signals.get(signal)
        if plane is not None and np.ptp(plane) > 0:
            return scene.guessed(plane.astype(np.float64))
    return None


def evidence_names(scene: Scene) -> list[Question]:
    """Return which share of candidates evidence names: all their substructures were counted, and at least one of them once."""
    if scene.evidence is None:
        return []
    found, member = profile(scene.features, counts_of(scene)), scene.candidates.member
    named = (found.missing == 0) & (found.singletons > 0)
    shares = [clopper_pearson(int(named[mark].sum()), int(mark.sum())) for mark in (member, ~member)]
    says = "How many molecules does the evidence name: every substructure was counted, and one of them once?"
    return [Question("named", says, *shares)]


NAMED = {
    "chemotypes": f"Of the first {FIRST} public scaffolds, ranked by the release, how many are there?",
    "scaffolds": f"Of the first {FIRST} scaffolds made up of public halves, public ones left out, ranked likewise, how many are there?",
    "structures": f"Of the first {FIRST} molecules made up of them, public ones left out, ranked likewise, how many are there?",
}
"""What is asked of structures that the release lets somebody name."""


def named_structures(scene: Scene) -> list[Question]:
    """Return how many of the structures that a release lets somebody name are there."""
    return [Question(one.name, NAMED[one.name], one.members, one.non_members, one.blind) for one in reconstruct(scene)]


def questions_on(scene: Scene) -> tuple[Question, ...]:
    """Return the answers to all questions that a scene allows."""
    return (*label_inference(scene), *owner(scene), *evidence_names(scene), *named_structures(scene))
