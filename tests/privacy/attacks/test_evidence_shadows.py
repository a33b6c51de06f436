import numpy as np

from fluid.annotation.evidence import count_evidence
from fluid.privacy.attacks.evidence_shadows import ATTACK
from fluid.privacy.scene import Scene
from fluid.privacy.statistics import auc


def test_shadow_companies_teach_what_a_member_looks_like(quiet: Scene) -> None:
    own = quiet.features[:150]
    scores = ATTACK.score(quiet.changed(evidence=count_evidence(own, np.zeros((150, 1)))))
    assert auc(scores[:150], scores[150:]) > 0.85
    scores = ATTACK.score(quiet)  # counts of other molecules
    assert 0.4 < auc(scores[:150], scores[150:]) < 0.6


def test_counts_of_frequent_substructures_alone_tell_less(quiet: Scene) -> None:
    counts = count_evidence(quiet.features[:150], np.zeros((150, 1)))
    exact, held_back = (ATTACK.score(quiet.changed(evidence=np.where(counts < least, 0, counts))) for least in (0, 10))
    assert auc(held_back[:150], held_back[150:]) < auc(exact[:150], exact[150:]) - 0.1
