"""What one attack found."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluid.privacy.attack import Attack
from fluid.privacy.policy import FPR, LOW_FPR, PolicySpec, Verdict, judge
from fluid.privacy.scene import Scene
from fluid.privacy.statistics import Measured, auc, auc_measured, tpr_measured
from fluid.seeding import numpy_stream

FEWEST = 5
"""Members, and non-members, that an attack must say something of."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one attack found.

    Attributes:
        attack: Name of the attack.
        version: Its version.
        reads: What it reads.
        says: What it does, in a sentence.
        needs_label: Whether the attacker knows the label.
        informed: Whether he has labelled molecules of the same chemistry.
        baseline: Whether it reads nothing that was sent.
        members: Members of which it says something.
        non_members: Non-members of which it does.
        turned: Whether low scores point at members.
        auc: AUC.
        tpr_1: True-positive rate at a false-positive rate of 1 %.
        tpr_01: The same at 0.1 %.
        verdicts: What is said of the bounds; none of a baseline.
    """

    attack: str
    version: int
    reads: str
    says: str
    needs_label: bool
    informed: bool
    baseline: bool
    members: int
    non_members: int
    turned: bool
    auc: Measured
    tpr_1: Measured
    tpr_01: Measured
    verdicts: tuple[Verdict, ...] = ()


def divided(scores: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the known scores of members and of non-members."""
    known = np.isfinite(scores)
    return scores[known & member], scores[known & ~member]


def measure(attack: Attack, scores: np.ndarray, scene: Scene, alpha: float) -> Finding | None:
    """Return what an attack's scores tell; `None` where it says something of too few.

    Args:
        attack: The attack.
        scores: Of the candidates `(N,)`.
        scene: Where they are.
        alpha: Level of each interval; halved where the attacker may take either way.
    """
    inside, outside = divided(scores, scene.candidates.member)
    if min(len(inside), len(outside)) < FEWEST:
        return None
    level = alpha / 2 if attack.either_way else alpha
    turned = attack.either_way and auc(inside, outside) < 0.5
    if turned:
        inside, outside = -inside, -outside
    generator = numpy_stream(scene.seed, "ties", attack.name)
    tpr_1, tpr_01 = (tpr_measured(inside, outside, fpr, generator, level) for fpr in (FPR, LOW_FPR))
    about = (attack.name, attack.version, attack.reads, attack.says, attack.needs_label, attack.informed, attack.is_baseline)
    return Finding(*about, len(inside), len(outside), turned, auc_measured(inside, outside, level), tpr_1, tpr_01)


def verdicts_on(attack: Attack, found: Finding, baselines: Sequence[Finding], policy: PolicySpec) -> tuple[Verdict, ...]:
    """Return what is said of the bounds on an attack; only what it finds beyond all baselines counts."""
    auc_bound, tpr_bound = policy.bounds(attack)
    auc_bound = max([auc_bound, *(one.auc.value for one in baselines)])
    tpr_bound = max([tpr_bound, *(one.tpr_01.low for one in baselines)])
    return judge("auc", found.auc, auc_bound), judge("tpr", found.tpr_01, tpr_bound)
