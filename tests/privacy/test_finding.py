from dataclasses import replace

import numpy as np
import pytest

from fluid.privacy.attacks.registry import ATTACKS
from fluid.privacy.finding import measure, verdicts_on
from fluid.privacy.policy import FELL, OPEN, PolicySpec
from fluid.privacy.scene import Scene
from fluid.privacy.statistics import Measured


def test_an_attacker_takes_the_better_way(quiet: Scene) -> None:
    scores = np.where(quiet.candidates.member, 0.0, 1.0) + np.random.default_rng(0).random(300)
    either, one = (measure(ATTACKS[name], scores, quiet, 0.05) for name in ("bin_asked", "label_asked"))
    assert either is not None
    assert one is not None
    assert either.turned
    assert not one.turned
    assert either.auc.value == pytest.approx(1 - one.auc.value)


def test_an_attack_that_says_something_of_too_few_is_left_out(quiet: Scene) -> None:
    scores = np.where(np.arange(300) < 296, np.nan, 1.0)
    assert measure(ATTACKS["bin_asked"], scores, quiet, 0.05) is None


def test_only_what_is_found_beyond_the_baselines_counts(quiet: Scene) -> None:
    attack = ATTACKS["bin_asked"]
    found = measure(attack, quiet.candidates.member + np.random.default_rng(0).normal(0, 1, 300), quiet, 0.05)
    assert found is not None
    assert verdicts_on(attack, found, (), PolicySpec())[0].state == FELL
    blind = replace(found, baseline=True, auc=Measured(0.8, 0.7, 0.9))
    verdict = verdicts_on(attack, found, (blind,), PolicySpec())[0]
    assert (verdict.bound, verdict.state) == (0.8, OPEN)
