from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from fluid.privacy.attacks.own_kind import ATTACK, LEARNERS, say
from fluid.privacy.scene import Answers, Scene
from fluid.privacy.statistics import auc


def grown(scene: Scene) -> Scene:
    """A company whose forest has learnt the members, of which the candidates are asked."""
    bits, own = np.unpackbits(scene.candidates.bits, axis=1), scene.candidates.member
    forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(bits[own], scene.candidates.labels[own, 0].astype(int))
    said = forest.predict_proba(bits)[:, 1:]
    return scene.changed(asked=Answers(said, {}), learner="forest", shadows=4)


def test_forests_of_made_up_companies_tell_who_is_in_a_forest(quiet: Scene) -> None:
    scene = grown(quiet)
    assert ATTACK.possible(scene)
    found = ATTACK.score(scene)
    assert auc(found[:150], found[150:]) > 0.8


def test_a_release_that_tells_nothing_tells_them_nothing(quiet: Scene) -> None:
    found = ATTACK.score(quiet.changed(learner="forest", shadows=4))
    assert 0.4 < auc(found[:150], found[150:]) < 0.6


def test_they_run_only_where_they_are_asked_for_and_can_be_made(quiet: Scene) -> None:
    assert not ATTACK.possible(quiet.changed(learner="forest"))
    assert not ATTACK.possible(quiet.changed(learner="additive", shadows=4))
    assert not ATTACK.possible(quiet.changed(learner="forest", shadows=4, asked=None))


@pytest.mark.parametrize("kind", LEARNERS)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_model_learns_what_it_is_shown(kind: str) -> None:
    draw = np.random.default_rng(0)
    bits = draw.integers(0, 2, (900, 20)).astype(np.float32)
    labels, rows = bits[:, 0], np.arange(800)
    scores = say(LEARNERS[kind](True, 0), bits, labels, True, rows)
    assert auc(scores[800:][labels[800:] == 1], scores[800:][labels[800:] == 0]) > 0.8
    values = say(LEARNERS[kind](False, 0), bits, 3 * labels, False, rows)
    assert np.corrcoef(values[800:], labels[800:])[0, 1] > 0.5
    assert say(LEARNERS[kind](True, 0), bits, np.ones(900), True, rows).tolist() == [0.0] * 900


def test_candidates_are_asked_as_they_stand(quiet: Scene) -> None:
    scene = grown(quiet)
    turned = replace(scene, asked=Answers(1 - scene.asked.prediction, {}))  # type: ignore[union-attr]
    assert auc(ATTACK.score(turned)[:150], ATTACK.score(turned)[150:]) < 0.5
