from dataclasses import replace

import numpy as np
import pytest

from fluid.privacy.inversion.found import ANSWERS, BINS, Inverted, invert
from fluid.privacy.inversion.seen import Seen
from fluid.privacy.policy import FELL, HOLDS, PolicySpec
from tests.privacy.inversion.conftest import consortium
from tests.privacy.inversion.test_recovered import without


def found(seen: Seen) -> dict[str, Inverted]:
    return {one.name: one for one in invert(seen, PolicySpec(), 0.05)}


@pytest.mark.parametrize("companies", [2, 3, 4, 6, 8])
def test_a_folder_with_support_breaks_the_bound_for_any_number_of_companies(companies: int) -> None:
    bins = found(consortium(companies))[BINS]
    assert bins.verdict.state == FELL
    assert bins.right is not None
    assert bins.right.value == 1.0
    assert bins.companies == companies


def test_soft_labels_of_five_that_are_weighed_alike_hold() -> None:
    told = found(without(consortium(5, "mean", n=1500), "support", "coverage", "disagreement"))
    assert {one.verdict.state for one in told.values()} == {HOLDS}
    mean = told[f"{ANSWERS}:b"]
    assert mean.error is not None
    assert mean.prior_error is not None
    assert mean.error.high < mean.prior_error.low  # what the others say in the mean is what a consensus is for


def test_soft_labels_of_two_fall_by_answers() -> None:
    told = found(without(consortium(2, "mean"), "support", "coverage", "disagreement"))
    assert told[BINS].verdict.state == HOLDS
    answers = told[f"{ANSWERS}:b"]
    assert answers.verdict.state == FELL
    assert answers.right is not None
    assert answers.right.value == 1.0


def test_without_the_others_answers_as_much_follows_and_nothing_is_said_of_errors() -> None:
    seen = consortium(4)
    blind = found(replace(seen, others=()))
    assert [(one.told, one.beyond) for one in blind.values()] == [(one.told, one.beyond) for one in found(seen).values()]
    assert {(one.right, one.error) for one in blind.values()} == {(None, None)}


@pytest.mark.parametrize("companies", [2, 3, 4, 8])
@pytest.mark.parametrize("known", [True, False])
def test_a_folder_that_has_nothing_to_do_with_the_companies_is_not_accused(companies: int, known: bool) -> None:
    """Labels and coverage are dealt anew, supports drawn: whatever seems to follow is wrong, and nothing must fall."""
    seen, draw = consortium(companies), np.random.default_rng(0)
    real = seen.released
    assert real.coverage is not None
    support = draw.uniform(1, companies, real.label.shape)
    strange = replace(
        real, label=draw.permutation(real.label), support=support, coverage=draw.permutation(real.coverage), disagreement=None
    )
    for released in (strange, replace(strange, support=None, coverage=None)):
        told = invert(replace(seen, released=released, others=seen.others if known else ()), PolicySpec(), 0.05)
        assert FELL not in {one.verdict.state for one in told}


def test_noise_in_the_labels_of_two_is_noticed() -> None:
    seen = without(consortium(2, "mean"), "support", "coverage", "disagreement")
    noise = np.random.default_rng(0).normal(0, 0.15, seen.released.label.shape)
    loud = replace(seen, released=replace(seen.released, label=np.clip(seen.released.label + noise, 0, 1)))
    assert found(replace(loud, others=()))[f"{ANSWERS}:b"].told.value == 0.0


def test_what_nobody_need_look_up_does_not_count() -> None:
    seen = consortium(4)
    same = [replace(one, bins=one.bins * 0) for one in (seen.own, *seen.others)]
    constant = replace(
        seen, released=replace(seen.released, support=seen.released.support * 0 + 4, coverage=seen.released.coverage * 0 + 0.25)
    )
    bins = found(replace(constant, own=same[0], others=tuple(same[1:])))[BINS]
    assert bins.told.value == 1.0
    assert bins.beyond.value == 0.0
