import numpy as np
import pytest
from scipy.special import expit, logit

from fluid.data.endpoints import Endpoint
from fluid.privacy.attacks.known_label import AGAINST, MARGIN_ASKED, MARGIN_COPIED, POPULATION, other_scores, share_below
from fluid.privacy.scene import Answers, Scene


def test_the_margin_is_the_log_odds_of_the_true_class(quiet: Scene) -> None:
    said, labels = quiet.asked.prediction[:, 0], quiet.candidates.labels[:, 0]  # type: ignore[union-attr]
    assert MARGIN_ASKED.score(quiet) == pytest.approx(np.where(labels == 1, logit(said), -logit(said)))


def test_the_margin_of_values_is_minus_the_error(quiet: Scene) -> None:
    values = quiet.changed(endpoints=(Endpoint("pic50", "regression"),), asked=Answers(np.full((300, 1), 3.0)))
    assert MARGIN_ASKED.score(values) == pytest.approx(-np.abs(3.0 - quiet.candidates.labels[:, 0]))


def test_the_copy_of_an_additive_company_is_the_company(quiet: Scene) -> None:
    weights = np.random.default_rng(0).normal(0, 0.2, quiet.dictionary.n_bits)
    sent = quiet.sent
    assert sent is not None
    said = expit(sent.public.features @ weights)[:, None]
    copied = quiet.changed(sent=type(sent)(Answers(said), sent.endpoints, sent.public))
    common = np.asarray(sent.public.features.sum(axis=0)).ravel() > 30
    told = MARGIN_COPIED.score(copied)
    true = (quiet.features[:, common] @ weights[common]) * (2 * quiet.candidates.labels[:, 0] - 1)
    assert np.corrcoef(told, true)[0, 1] > 0.75


def test_against_others_is_the_difference_of_margins(quiet: Scene) -> None:
    sign = 2 * quiet.candidates.labels[:, 0] - 1
    others = np.mean([one.heads.scores(quiet.features)[:, 0] for one in quiet.others], axis=0)
    assert other_scores(quiet)[:, 0] == pytest.approx(others)
    assert AGAINST.score(quiet) == pytest.approx(sign * (logit(quiet.asked.prediction[:, 0]) - others))  # type: ignore[union-attr]


def test_the_population_ratio_is_the_share_of_public_molecules_that_are_favoured_less(quiet: Scene) -> None:
    sign = 2 * quiet.candidates.labels[:, 0] - 1
    own = logit(quiet.asked.prediction[:, 0])  # type: ignore[union-attr]
    ratio = np.log(expit(sign * own) / expit(sign * other_scores(quiet)[:, 0]))
    sent = logit(quiet.sent.answers.prediction[:, 0])  # type: ignore[union-attr]
    others = np.mean([logit(one.answers.prediction[:, 0]) for one in quiet.others], axis=0)
    way = np.where(others >= 0, 1, -1)
    population = np.log(expit(way * sent) / expit(way * others))
    assert POPULATION.score(quiet) == pytest.approx([(population <= one).mean() for one in ratio])


def test_no_label_is_no_score(quiet: Scene) -> None:
    labels = quiet.candidates.labels.copy()
    labels[5] = np.nan
    blank = quiet.taken(np.arange(300), quiet.candidates.member)
    object.__setattr__(blank.candidates, "labels", labels)
    for attack in (MARGIN_ASKED, MARGIN_COPIED, AGAINST, POPULATION):
        assert np.flatnonzero(np.isnan(attack.score(blank))).tolist() == [5]


def test_nobody_to_compare_with_is_no_attack(quiet: Scene) -> None:
    alone = quiet.changed(others=())
    assert not AGAINST.possible(alone)
    assert not POPULATION.possible(alone)
    assert MARGIN_ASKED.possible(alone)
    assert np.isnan(share_below(np.zeros(3), np.empty(0))).all()
