import numpy as np
import pytest

from fluid.annotation.evidence import count_evidence
from fluid.privacy.attacks.evidence_shadows import ATTACK, Release, release_of
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


@pytest.mark.parametrize("noise", [0.5, 3.0])
@pytest.mark.parametrize("least", [0.0, 4.0])
def test_how_counts_were_released_is_read_from_them(noise: float, least: float) -> None:
    draw = np.random.default_rng(0)
    seen = np.arange(20000) < 4000
    exact = np.where(seen, draw.poisson(6.0, 20000), 0).astype(float)
    found = release_of(Release(noise, least).of(exact, draw).clip(0), seen)
    far = least > 4 * noise  # no count that is all noise is left, and noise of 0.5 is folded around whole numbers
    assert found.noise == pytest.approx(0.29 if far else noise, rel=0.15)
    assert found.least == pytest.approx(least, abs=0.05)
    whole = release_of(np.where(exact < least, 0, exact), seen)
    assert whole == Release(0.0, max(least, 1.0))
