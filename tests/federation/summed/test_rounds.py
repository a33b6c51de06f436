from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import chisquare

from fluid.errors import ArtifactError, ConfigError
from fluid.federation.summed.contributor import Contributor
from fluid.federation.summed.rounds import Opened, carry_out
from fluid.privacy.secure_sum import Roster, opened
from fluid.privacy.sum_plan import SumNoise
from fluid.training.summed.curvature import Curvature
from fluid.training.summed.descent import descend
from fluid.training.summed.own_part import OwnPart
from fluid.training.summed.public_map import PublicMap
from fluid.training.summed.spec import SummedSpec

SPEC, NOISE = SummedSpec(rounds=5, directions=10, damping=10.0), SumNoise(1.0, 0.05)
RNG = np.random.default_rng(0)
PUBLIC = csr_matrix(np.log1p(RNG.poisson(0.6, (200, 20))))
FEATURES = csr_matrix(np.log1p(RNG.poisson(0.8, (90, 20))))
LABELS = (FEATURES.toarray() @ RNG.normal(0, 1, (20, 2)) > 0).astype(np.float32)
MAP = PublicMap.of(PUBLIC, SPEC.rarity, SPEC.quantile, SPEC.constant)
CURVATURE = Curvature.of(MAP.rows(PUBLIC), SPEC.directions, 0)


def companies(deal: Sequence[np.ndarray], noise: SumNoise | None = None, seed: int = 0, is_release: bool = False) -> dict[str, Contributor]:
    parts = {f"T{i}": OwnPart.of(FEATURES[own], LABELS[own], MAP) for i, own in enumerate(deal, start=1)}
    return {name: Contributor(name, part, SPEC, noise, seed, is_release) for name, part in parts.items()}


def roster_of(members: dict[str, Contributor]) -> Roster:
    return Roster({name: one.public for name, one in members.items()}, "a test")


def carried_out(members: dict[str, Contributor]) -> tuple[np.ndarray, Opened]:
    return carry_out(members, roster_of(members), CURVATURE, SPEC)


WHOLE = np.array_split(np.arange(90), 3)


def test_without_noise_it_does_not_matter_whose_molecules_are_whose() -> None:
    """Nor in which order companies come; masks, from other keys every time, leave no trace."""
    weights, found = carried_out(companies(WHOLE))
    assert found.counts.tolist() == [90.0, 90.0]
    other, dealt = carried_out(companies(np.array_split(np.random.default_rng(1).permutation(90), 7)))
    assert other == pytest.approx(weights, abs=1e-8)
    assert dealt.sums == pytest.approx(found.sums, abs=1e-7)
    again = carried_out(dict(reversed(list(companies(WHOLE).items()))))[0]
    assert again.tobytes() == weights.tobytes()


def test_the_sums_are_those_of_all_molecules_pooled() -> None:
    weights, found = carried_out(companies(WHOLE))
    pooled = OwnPart.of(FEATURES, LABELS, MAP)
    assert found.sums[0] == pytest.approx(pooled.gradient(np.zeros_like(weights)), abs=1e-8)
    assert weights == pytest.approx(descend(lambda _, at: pooled.gradient(at), CURVATURE, pooled.counts(), SPEC), abs=1e-8)


def test_what_was_opened_makes_the_weights_and_nothing_else_does() -> None:
    """The rounds again, without any company."""
    weights, found = carried_out(companies(WHOLE, NOISE))
    replayed = descend(lambda number, _: np.asarray(found.sums[number - 1]), CURVATURE, np.maximum(found.counts, 1), SPEC)
    assert replayed.tobytes() == weights.tobytes()


def test_the_opened_noise_is_as_large_as_was_planned() -> None:
    """Companies without molecules, so that nothing but noise is opened; what one of three knows of its own is a third of it."""
    gradients, counts = [], []
    for seed in range(30):
        members = companies([WHOLE[0][:0]] * 3, NOISE, seed)
        roster = roster_of(members)
        gradients.append(opened({name: one.gradient(1, np.zeros((2, 21)), roster) for name, one in members.items()}, roster))
        counts.append(opened({name: one.count(roster) for name, one in members.items()}, roster))
    assert np.mean(np.square(gradients)) == pytest.approx(5 / 1.0**2 * 3 / 2, rel=0.1)
    assert np.mean(np.square(counts)) == pytest.approx(1 / 0.05**2 * 3 / 2, rel=0.4)


def test_fewer_companies_add_more_noise_each() -> None:
    """Of a roster without the fourth, who adds none here: the same draws, each as a larger share."""
    members = companies([WHOLE[0][:0]] * 3, NOISE) | {"T4": companies([WHOLE[0][:0]] * 4)["T4"]}
    weights, four = np.zeros((2, 21)), roster_of(members)
    three = four.without("T4")
    large, small = (opened({name: members[name].gradient(1, weights, one) for name in one.keys}, one) for one in (three, four))
    assert large == pytest.approx(small * np.sqrt(3 / 2), abs=1e-8)


def test_noise_is_the_seeds_in_a_simulation_and_nobodys_in_a_release() -> None:
    first, again, other = (carried_out(companies(WHOLE, NOISE, seed))[1].sums for seed in (0, 0, 1))
    assert first.tobytes() == again.tobytes()
    assert np.abs(first - other).min() > 0
    real, twice = (carried_out(companies(WHOLE, NOISE, 0, is_release=True))[1].sums for _ in range(2))
    assert np.abs(real - twice).min() > 0
    assert np.abs(real - first).min() > 0


def test_what_one_company_sends_looks_random() -> None:
    members = companies(WHOLE)
    weights = np.zeros((2, 21))
    sent = np.concatenate([members["T1"].gradient(number, weights, roster_of(members)) for number in range(1, 400)])
    assert chisquare(np.bincount(sent.view(np.uint8), minlength=256)).pvalue > 1e-6


def test_a_company_answers_a_round_once() -> None:
    members = companies(WHOLE)
    carried_out(members)
    with pytest.raises(ConfigError, match="T1 has masked its part of round 0 before"):
        carried_out(members)


def test_a_company_that_does_not_answer_is_named() -> None:
    members = companies(WHOLE)
    roster = roster_of(members)
    del members["T2"]
    with pytest.raises(ArtifactError, match="T2 sent nothing.*Repeat the round without them"):
        carry_out(members, roster, CURVATURE, SPEC)


def test_all_companies_cannot_collude() -> None:
    part = OwnPart.of(FEATURES, LABELS, MAP)
    members = {name: Contributor(name, part, replace(SPEC, colluding=2), NOISE, 0) for name in ("T1", "T2")}
    with pytest.raises(ConfigError, match="colluding is 2, and 2 companies add up"):
        carried_out(members)


def test_work_is_told_round_by_round() -> None:
    told = list[float]()
    members = companies(WHOLE)
    carry_out(members, roster_of(members), CURVATURE, SPEC, report=told.append)
    assert told == [0.2, 0.4, 0.6, 0.8, 1.0]
