import numpy as np
import pytest
from scipy.stats import norm

from fluid.models.scores import scores_of
from fluid.privacy.attacks.lira import ATTACK, STUDENTS, Normal, describe_shadows, log_ratio
from fluid.privacy.made_up import beside_shadows
from fluid.privacy.scene import Answers, Copied, Scene
from fluid.privacy.shadows import teach_shadows, train_shadows
from fluid.privacy.statistics import auc


def test_the_ratio_is_that_of_two_normal_densities() -> None:
    told = Normal(np.array([1.0, 2.0]), np.array([0.0, 0.5]), 0.7, 1.3)
    margin = np.array([0.4, 3.0])
    expected = norm.logpdf(margin, told.inside, 0.7) - norm.logpdf(margin, told.outside, 1.3)
    assert log_ratio(margin, told) == pytest.approx(expected)


def test_the_scores_are_those_of_the_papers_algorithm_written_out(quiet: Scene) -> None:
    """Carlini et al. 2022, algorithm 1, one molecule at a time with scipy, the variance shared as they advise for few shadows."""
    made = beside_shadows(quiet, 0)
    assert made is not None
    left = {True: [], False: []}
    for place in range(len(made.rows)):
        for mark in (True, False):
            own = [margins[place] for margins, kind in zip(made.margins, made.inside, strict=True) if kind[place] == mark]
            left[mark].append(np.array(own))
    spread = {mark: np.sqrt(sum(((one - one.mean()) ** 2).sum() for one in parts) / sum(len(one) - 1 for one in parts))
              for mark, parts in left.items()}  # fmt: skip
    expected = [
        norm.logpdf(margin, inside.mean(), spread[True]) - norm.logpdf(margin, outside.mean(), spread[False])
        for margin, inside, outside in zip(made.own, left[True], left[False], strict=True)
    ]
    assert ATTACK.score(quiet) == pytest.approx(expected)


def test_where_margins_are_normal_the_attack_is_as_good_as_can_be() -> None:
    """Margins move by 1 of their standard deviation when a molecule is learnt: no attack has an AUC above Φ(1/√2)."""
    draw, n, shadows = np.random.default_rng(0), 4000, 64
    hardness = draw.normal(0, 3, n)
    inside = draw.random((shadows, n)) < 0.5
    margins = hardness + inside + draw.normal(0, 1, (shadows, n))
    member = np.arange(n) < n // 2
    target = hardness + member + draw.normal(0, 1, n)
    scores = log_ratio(target, describe_shadows(margins, inside))
    assert auc(scores[member], scores[~member]) == pytest.approx(norm.cdf(1 / np.sqrt(2)), abs=0.02)
    assert auc(target[member], target[~member]) < 0.62  # the plain margin sees hardly anything


def test_shadows_have_their_own_means_and_one_spread() -> None:
    inside = np.array([[True, False], [True, False], [False, True], [False, True]])
    told = describe_shadows(np.array([[1.0, 0.0], [3.0, 2.0], [0.0, 5.0], [0.0, 5.0]]), inside)
    assert told.inside.tolist() == [2, 5]
    assert told.outside.tolist() == [0, 1]
    assert told.spread_inside == pytest.approx(1.0)  # squares 1, 1, 0, 0 over 4 − 2


def test_a_company_that_has_learnt_the_members_is_told_from_shadows(quiet: Scene) -> None:
    labels = quiet.candidates.labels[:, 0]
    learnt = train_shadows(quiet.features, labels, True, quiet.candidates.member[None], 0.3).scores[0]
    said = 1 / (1 + np.exp(-learnt))
    found = ATTACK.score(quiet.changed(asked=Answers(said[:, None])))
    margin = scores_of(said[:, None], quiet.endpoints)[:, 0] * (2 * labels - 1)
    assert auc(found[:150], found[150:]) > max(0.8, auc(margin[:150], margin[150:]) - 0.02)


def test_students_of_shadows_tell_a_copy_that_has_learnt_the_members(quiet: Scene) -> None:
    labels, sent = quiet.candidates.labels[:, 0], quiet.sent
    assert sent is not None
    taught = teach_shadows(quiet.features, labels, True, quiet.candidates.member[None], 0.3)
    said = 1 / (1 + np.exp(-taught.scores(sent.public.features)[0]))
    scene = quiet.changed(asked=None, sent=Copied(Answers(said[:, None]), sent.endpoints, sent.public))
    direct, students = (attack.score(scene) for attack in (ATTACK, STUDENTS))
    assert auc(students[:150], students[150:]) > max(0.6, auc(direct[:150], direct[150:]) - 0.05)
    assert not STUDENTS.possible(scene.changed(public=None))


def test_too_few_labels_are_no_attack(quiet: Scene) -> None:
    assert ATTACK.possible(quiet)
    assert not ATTACK.possible(quiet.taken(np.arange(30), np.arange(30) < 15))
