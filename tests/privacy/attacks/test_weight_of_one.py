from dataclasses import replace

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.privacy.attacks.weight_of_one import ATTACK, SIGNED, rare_weights
from fluid.privacy.planted import by_heart
from fluid.privacy.scene import Heads, Scene


def test_only_weights_that_hardly_anybody_else_has_count(quiet: Scene) -> None:
    heads = Heads(np.ones((1, quiet.dictionary.n_bits)), np.zeros(1))
    count = np.asarray((quiet.public.features != 0).sum(axis=0)).ravel()  # type: ignore[union-attr]
    assert np.array_equal(rare_weights(quiet.changed(heads=heads))[0], (count <= 1).astype(float))


def test_the_weight_that_one_molecule_made_points_at_it_and_at_its_label(quiet: Scene) -> None:
    count = np.asarray((quiet.public.features != 0).sum(axis=0)).ravel()  # type: ignore[union-attr]
    rare = np.asarray((quiet.features[:, count <= 1] != 0).sum(axis=1)).ravel()
    row = int(np.argmax(rare))
    sign = 2 * quiet.candidates.labels[row, 0] - 1
    heads = Heads(by_heart(quiet.features[[row]], np.array([4 * sign]))[None], np.zeros(1))
    told = quiet.changed(heads=heads)
    assert np.argmax(ATTACK.score(told)) == row
    assert SIGNED.score(told)[row] > 0
    assert SIGNED.score(quiet.changed(heads=Heads(-heads.weights, heads.bias)))[row] < 0


def test_of_values_the_middle_is_that_of_what_was_measured(quiet: Scene) -> None:
    values = np.full(len(quiet.candidates), np.nan)
    values[:50] = np.linspace(5, 7, 50)
    heads = Heads(np.ones((1, quiet.dictionary.n_bits)), np.zeros(1))
    told = quiet.changed(
        heads=heads, endpoints=(Endpoint("pic50", "regression"),), candidates=replace(quiet.candidates, labels=values[:, None])
    )
    said, weight = SIGNED.score(told), ATTACK.score(told)
    assert (said[:25][weight[:25] > 0] < 0).all()
    assert (said[25:50][weight[25:50] > 0] > 0).all()
    assert np.isnan(said[50:]).all()


def test_there_is_no_attack_without_weights(quiet: Scene) -> None:
    assert not ATTACK.possible(quiet.changed(sent=None))
    assert not ATTACK.possible(quiet.changed(public=None))
