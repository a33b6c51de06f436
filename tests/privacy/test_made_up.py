import numpy as np
import pytest

from fluid.privacy.made_up import FEWEST, SHADOWS, beside_shadows, beside_students, known_rows, scaled_to
from fluid.privacy.scene import Scene, margins_of
from fluid.privacy.shadows import train_shadows


def test_scaled_margins_have_the_mean_and_the_spread_of_others() -> None:
    like = np.array([10.0, 20.0, 30.0])
    found = scaled_to(np.array([1.0, 3.0]), like)
    assert (found.mean(), found.std()) == pytest.approx((20, like.std()))
    assert scaled_to(np.full(3, 7.0), like) == pytest.approx(20)


def test_margins_are_those_of_shadows_that_learnt_the_labels(quiet: Scene) -> None:
    made = beside_shadows(quiet, 0)
    assert made is not None
    assert made.margins.shape == made.inside.shape == (SHADOWS, 300)
    labels = quiet.candidates.labels[:, 0]
    for strength in (0.03, 0.3):
        again = train_shadows(quiet.features, labels, True, made.inside, strength).scores
        if np.allclose(margins_of(again, labels, True), made.margins, atol=1e-8):
            break
    else:
        pytest.fail("no strength gives these margins")
    assert beside_shadows(quiet, 0) is made  # several attacks read them, and they are made once


def test_students_of_shadows_have_learnt_less_than_these(quiet: Scene) -> None:
    shadows, students = beside_shadows(quiet, 0), beside_students(quiet, 0)
    assert shadows is not None
    assert students is not None
    gaps = [np.mean(one.margins[one.inside]) - np.mean(one.margins[~one.inside]) for one in (shadows, students)]
    assert gaps[0] > gaps[1] > 0
    assert beside_students(quiet.changed(public=None, sent=None), 0) is None


def test_too_few_labels_or_one_class_are_none(quiet: Scene) -> None:
    scores = np.zeros(300)
    assert known_rows(quiet, np.where(np.arange(300) < FEWEST - 1, scores, np.nan), 0) is None
    one = np.flatnonzero(quiet.candidates.labels[:, 0] == 0)
    assert known_rows(quiet.taken(one, quiet.candidates.member[one]), np.zeros(len(one)), 0) is None
    rows = known_rows(quiet, scores, 0)
    assert rows is not None
    assert len(rows) == 300
