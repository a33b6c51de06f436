from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import norm

from fluid.data.endpoints import Endpoint
from fluid.models.additive_perturbed import solve_perturbed
from fluid.models.additive_solve import solve_classes, solve_values
from fluid.models.additive_spec import AdditiveSpec
from fluid.privacy.attacks import joint_posterior
from fluid.privacy.attacks.joint_posterior import ATTACK, log_ratio
from fluid.privacy.attacks.lira import ATTACK as LIRA
from fluid.privacy.planted import pulled
from fluid.privacy.scene import Answers, Copied, Heads, Scene
from fluid.privacy.statistics import auc
from fluid.seeding import numpy_stream
from tests.privacy.conftest import DICTIONARY, N, molecules


def found_in(scene: Scene) -> float:
    scores, member = ATTACK.score(scene), scene.candidates.member
    return auc(scores[member], scores[~member])


def plain(scene: Scene, rows: np.ndarray, strength: float = 0.3) -> Scene:
    """Return the release of a company that has learnt some of the candidates."""
    made = solve_classes(scene.features[rows], scene.candidates.labels[rows, 0], np.ones(len(rows)), strength)
    return scene.changed(heads=Heads(made.weights[None], np.array([made.bias])), asked=None)


def noisy(scene: Scene, rows: np.ndarray, noise: float, seed: int = 0) -> Scene:
    """Return the release of one that has learnt them with noise."""
    recipe = AdditiveSpec(DICTIONARY.radius, DICTIONARY.n_bits, (1.0,), "perturbed", noise=noise, clip=6.0)
    labels = scene.candidates.labels[rows, 0]
    weights, bias = solve_perturbed(scene.features[rows], labels, 1.0, recipe.clip, noise, numpy_stream(seed, "noise"))
    return scene.changed(heads=Heads(weights[None], np.array([bias])), asked=None, recipe=recipe)


def members(scene: Scene) -> np.ndarray:
    return np.flatnonzero(scene.candidates.member)


def test_the_ratio_is_that_of_two_normal_densities() -> None:
    """What is told of a count is `a ± 1/√τ`; a member adds one to what others add, `more` on average with a variance of as much."""
    share, more, told, sharpness = 0.3, 0.6, np.array([-0.5, 0.4, 2.0]), np.array([0.2, 1.0, 30.0])
    before = share * (1 - share) + more
    left = 1 / (1 + sharpness * before)
    apart = (told - share - more) * (1 - left)
    spread = np.sqrt(1 / sharpness + more)
    expected = norm.logpdf(told, 1 + more, spread) - norm.logpdf(told, more, spread)
    assert log_ratio(apart, left, share, more) == pytest.approx(expected)
    assert log_ratio(np.zeros(1), np.ones(1), share, more) == 0  # of a molecule that pulls at nothing


def test_without_noise_all_members_are_named(quiet: Scene) -> None:
    assert found_in(plain(quiet, members(quiet))) > 0.999
    assert found_in(noisy(quiet, members(quiet), 0.0)) > 0.999


def test_so_are_those_of_values(quiet: Scene) -> None:
    values, rows = np.random.default_rng(0).normal(0, 1, (N, 1)), members(quiet)
    made = solve_values(quiet.features[rows], values[rows, 0], np.ones(len(rows)), 0.1)
    heads = Heads(made.weights[None], np.array([made.bias]))
    about = replace(quiet.candidates, labels=5 + 2 * values)
    told = quiet.changed(endpoints=(Endpoint("pic50", "regression"),), candidates=about, asked=None,
                         heads=Heads(2 * heads.weights, 5 + 2 * heads.bias))  # fmt: skip
    assert found_in(told) > 0.999


def test_noise_hides_them_the_more_the_larger_it_is(quiet: Scene) -> None:
    found = [found_in(noisy(quiet, members(quiet), noise)) for noise in (0.01, 0.3, 1.0, 1000.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.97
    assert found[3] == pytest.approx(0.5, abs=0.1)


def test_it_finds_more_than_shadows_do(quiet: Scene) -> None:
    told = noisy(quiet, members(quiet), 0.3)
    shadows = LIRA.score(told)
    assert found_in(told) > auc(shadows[: N // 2], shadows[N // 2 :]) + 0.05


def answers(scene: Scene, features: csr_matrix, digits: int = 9) -> Answers:
    """Return answers by the weights of a scene, of another temperature."""
    assert scene.heads is not None
    return Answers(np.round(1 / (1 + np.exp(-scene.heads.scores(features) / 1.3)), digits))


def test_weights_are_told_by_answers_to_public_molecules_and_to_candidates(quiet: Scene) -> None:
    """The temperature need not be known, and three digits are enough."""
    told, public = plain(quiet, members(quiet)), quiet.public
    assert public is not None
    for digits in (9, 3):
        sent = Copied(answers(told, public.features, digits), quiet.endpoints, public)
        asked = told.changed(heads=None, sent=sent, asked=answers(told, quiet.features, digits))
        assert found_in(asked) > 0.98
        assert found_in(asked) > found_in(asked.changed(asked=None)) > 0.55  # 300 public molecules hold few of the substructures


def test_an_endpoint_without_an_answer_says_nothing(quiet: Scene) -> None:
    nothing = Answers(np.full((N, 1), np.nan))
    assert np.isnan(ATTACK.score(quiet.changed(asked=nothing))).all()
    assert np.isnan(ATTACK.score(quiet.changed(heads=Heads(np.zeros((1, DICTIONARY.n_bits)), np.zeros(1))))).all()


@pytest.mark.parametrize("noise", [None, 0.0, 0.5])
def test_of_a_release_that_was_made_without_them_nothing_is_found(quiet: Scene, noise: float | None) -> None:
    """A company of other molecules, and 20 draws of who is said to be a member."""
    smiles, labels = molecules("validation", N)
    others = quiet.changed(candidates=replace(quiet.candidates, smiles=smiles, labels=labels[:, None]))
    made = plain(others, np.arange(N)) if noise is None else noisy(others, np.arange(N), noise)
    told = made.changed(candidates=quiet.candidates)
    scores, draw = ATTACK.score(told), np.random.default_rng(0)
    drawn = [auc(scores[mark], scores[~mark]) for mark in (draw.permutation(quiet.candidates.member) for _ in range(20))]
    assert found_in(told) == pytest.approx(0.5, abs=0.1)  # three standard errors
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.03)


def test_learnt_molecules_that_are_no_candidates_are_noise(quiet: Scene) -> None:
    told = plain(quiet, np.arange(N))
    rows = np.r_[:75, 75:150]
    few = noisy(quiet, np.r_[:75, 150:N], 0.1).taken(rows, np.arange(150) < 75)
    assert found_in(few) > 0.7
    assert found_in(told.taken(rows, np.arange(150) < 75)) == pytest.approx(0.5, abs=0.15)  # all were learnt


def test_the_order_of_candidates_does_not_matter(quiet: Scene) -> None:
    told, order = noisy(quiet, members(quiet), 0.5), np.random.default_rng(1).permutation(N)
    turned = told.taken(order, told.candidates.member[order])
    assert ATTACK.score(turned) == pytest.approx(ATTACK.score(told)[order])


def test_many_candidates_are_solved_for_in_parts_which_know_of_each_other(quiet: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one sweep the last part knows what the first are expected to have added, and no more."""
    released = {"plain": plain(quiet, members(quiet)), "noisy": noisy(quiet, members(quiet), 0.3)}
    together = {name: found_in(one) for name, one in released.items()}
    monkeypatch.setattr(joint_posterior, "MOST", 110)
    in_parts = {name: found_in(one) for name, one in released.items()}
    monkeypatch.setattr(joint_posterior, "SWEEPS", 1)
    once = {name: found_in(one) for name, one in released.items()}
    for name in released:
        assert once[name] + 0.01 < in_parts[name] <= together[name] + 0.01
    assert in_parts["noisy"] > together["noisy"] - 0.02


def test_parts_come_to_the_solution_of_all_together(quiet: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    told = noisy(quiet, members(quiet), 0.3)
    expected = ATTACK.score(told)
    monkeypatch.setattr(joint_posterior, "MOST", 160)
    monkeypatch.setattr(joint_posterior, "SWEEPS", 30)
    assert np.corrcoef(ATTACK.score(told), expected)[0, 1] > 0.995


def test_a_molecule_without_a_label_gets_no_score(quiet: Scene) -> None:
    labels = quiet.candidates.labels.copy()
    labels[::7] = np.nan
    told = plain(quiet, members(quiet)).changed(candidates=replace(quiet.candidates, labels=labels))
    assert np.array_equal(np.isnan(ATTACK.score(told)), np.isnan(labels[:, 0]))


def test_what_is_no_additive_model_or_has_too_few_labels_is_not_attacked(quiet: Scene) -> None:
    assert ATTACK.possible(quiet)
    assert ATTACK.possible(quiet.changed(learner="additive"))
    assert not ATTACK.possible(quiet.changed(learner="forest"))
    assert not ATTACK.possible(quiet.changed(sent=None))
    assert not ATTACK.possible(quiet.taken(np.arange(30), np.arange(30) < 15))


def test_a_model_that_has_learnt_planted_members_alone_is_found_by_it(quiet: Scene) -> None:
    planted = pulled(quiet)
    assert found_in(planted) > 0.95
    assert planted.recipe is None
    assert planted.asked is None
