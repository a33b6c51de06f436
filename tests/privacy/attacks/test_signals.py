import numpy as np
import pytest

from fluid.privacy.attacks.signals import ASKED, SENT, SIGNALS, tells
from fluid.privacy.scene import Answers, Scene


def test_a_signal_of_the_molecule_itself_is_the_score(quiet: Scene) -> None:
    assert np.array_equal(ASKED["bin_asked"].score(quiet), quiet.asked.signals["bin"])  # type: ignore[union-attr]


def test_a_signal_of_neighbours_is_their_mean_by_similarity(quiet: Scene) -> None:
    sent, near = quiet.sent, quiet.nearest
    assert sent is not None
    weight = np.maximum(near.similarity[4].astype(float), 1e-3) ** 6
    expected = (weight * sent.answers.signals["bin"][near.rows[4]]).sum() / weight.sum()
    assert SENT["bin_sent"].score(quiet)[4] == pytest.approx(expected)


def test_a_signal_that_is_the_same_for_all_is_no_attack(quiet: Scene) -> None:
    flat = quiet.changed(asked=Answers(np.zeros((300, 1)), {"bin": np.zeros(300)}))
    assert not ASKED["bin_asked"].possible(flat)
    assert not ASKED["support_asked"].possible(quiet)
    assert SENT["bin_sent"].possible(quiet)
    assert not SENT["bin_sent"].possible(quiet.changed(sent=None))
    assert not tells(None, "bin")


def test_every_signal_is_read_in_both_ways() -> None:
    assert set(ASKED) == {f"{name}_asked" for name in SIGNALS}
    assert set(SENT) == {f"{name}_sent" for name in SIGNALS}
    assert all(attack.either_way for attack in (*ASKED.values(), *SENT.values()))
