import sys
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from fluid.errors import ArtifactError, ConfigError, ShapeError
from fluid.privacy.secure_sum import BITS, LARGEST, Party, Roster, in_words, opened


def meeting(*names: str, purpose: str = "a test") -> tuple[dict[str, Party], Roster]:
    parties = {name: Party(name) for name in names}
    return parties, Roster({name: party.public for name, party in parties.items()}, purpose)


def masked(parties: Mapping[str, Party], roster: Roster, values: Mapping[str, np.ndarray], number: int = 0) -> dict[str, np.ndarray]:
    return {name: parties[name].mask(part, roster, number) for name, part in values.items()}


PARTIES, ROSTER = meeting("T1", "T2", "T10")


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(*[st.floats(-LARGEST / 4, LARGEST / 4)] * 3), max_size=20), st.integers(0, 2**63))
def test_the_sum_is_that_of_the_rounded_numbers(rows: list[tuple[float, float, float]], number: int) -> None:
    """By integers of any size, as an independent reference."""
    parties, roster = meeting("T1", "T2", "T10")
    columns = np.array(rows, dtype=np.float64).reshape(-1, 3).T
    found = opened(masked(parties, roster, dict(zip(parties, columns, strict=True)), number), roster)
    expected = [sum(round(value * 2**BITS) for value in row) / 2**BITS for row in rows]
    assert found.tolist() == expected


def test_the_order_in_which_parts_come_does_not_matter() -> None:
    parties, roster = meeting("a", "b", "c", "d")
    values = {name: np.random.default_rng(i).normal(0, 100, 50) for i, name in enumerate(parties)}
    parts = masked(parties, roster, values)
    other = Roster(dict(reversed(list(roster.keys.items()))), roster.purpose)
    assert other.digest == roster.digest
    first, second = opened(parts, roster), opened(dict(reversed(list(parts.items()))), other)
    assert first.tobytes() == second.tobytes()
    assert np.abs(first - sum(values.values())).max() <= 4 * 2.0 ** -(BITS + 1) + 1e-12


def test_one_part_alone_looks_random() -> None:
    """Bytes of what is sent are uniform, whatever is in it, and so is the sum of all parts but one."""
    nothing = np.zeros(20_000)
    parts = masked(PARTIES, ROSTER, dict.fromkeys(PARTIES, nothing), number=1)
    bare = np.bincount(in_words(np.ones(20_000), 3).view(np.uint8), minlength=256)
    assert chisquare(bare).pvalue < 1e-9  # the test can tell
    for words in (*parts.values(), parts["T1"] + parts["T2"]):
        for byte in range(8):  # each alone: a part that is not masked would stand out
            assert chisquare(np.bincount(words.view(np.uint8)[byte::8], minlength=256)).pvalue > 1e-6


def test_a_party_that_sends_nothing_is_named_and_the_round_is_repeated_without_it() -> None:
    parties, roster = meeting("T1", "T2", "T3")
    values = {name: np.array([1.0, 2.0]) for name in parties}
    parts = masked(parties, roster, values)
    del parts["T2"]
    with pytest.raises(ArtifactError, match="T2 sent nothing.*Repeat the round without them"):
        opened(parts, roster)
    fewer = roster.without("T2")
    again = masked(parties, fewer, {name: values[name] for name in fewer.keys})
    assert opened(again, fewer).tolist() == [2.0, 4.0]
    assert not np.array_equal(again["T1"], parts["T1"])


def test_parts_of_different_rounds_or_rosters_do_not_add_up() -> None:
    parties, roster = meeting("T1", "T2")
    values = {name: np.array([1.0]) for name in parties}
    first, second = masked(parties, roster, values, 0), masked(parties, roster, values, 1)
    assert opened(second, roster).tolist() == [2.0]
    other = Roster(roster.keys, "something else")
    for wrong in (second["T2"], parties["T2"].mask(values["T2"], other, 0)):
        with pytest.raises(ArtifactError, match="the masks do not cancel"):
            opened({"T1": first["T1"], "T2": wrong}, roster)


def test_another_key_is_noticed() -> None:
    """Whoever was given another key of a partner masks for somebody else."""
    parties, roster = meeting("T1", "T2", "T3")
    swapped = Roster({**roster.keys, "T3": Party("T3").public}, roster.purpose)
    parts = masked(parties, roster, {name: np.array([1.0]) for name in ("T2", "T3")}) | {
        "T1": parties["T1"].mask(np.array([1.0]), swapped, 0)
    }
    with pytest.raises(ArtifactError, match="the masks do not cancel"):
        opened(parts, roster)
    with pytest.raises(ConfigError, match="the roster has another key of T3"):
        parties["T3"].mask(np.array([1.0]), swapped, 0)


def test_a_round_is_masked_once() -> None:
    """Two parts under one mask would show their difference."""
    parties, roster = meeting("T1", "T2")
    parties["T1"].mask(np.array([1.0]), roster, 3)
    with pytest.raises(ConfigError, match="T1 has masked its part of round 3 before"):
        parties["T1"].mask(np.array([1.5]), roster, 3)


@pytest.mark.parametrize("value", [LARGEST / 3, -LARGEST, np.inf, np.nan])
def test_a_number_that_may_not_fit_is_refused(value: float) -> None:
    with pytest.raises(ConfigError, match="number 2 of a sum is .*less than"):
        in_words(np.array([0.0, value]), 3)


def test_the_largest_numbers_fit() -> None:
    parties, roster = meeting("T1", "T2", "T3")
    most = np.nextafter(LARGEST / 3, 0)
    found = opened(masked(parties, roster, dict.fromkeys(parties, np.array([most, -most]))), roster)
    assert found == pytest.approx([3 * most, -3 * most])


def test_shapes_and_types_must_agree() -> None:
    parties, roster = meeting("T1", "T2")
    parts = {"T1": parties["T1"].mask(np.zeros(3), roster, 0), "T2": parties["T2"].mask(np.zeros(2), roster, 0)}
    with pytest.raises(ShapeError, match=r"shape \(3,\) and type uint64|uint64 \(4,\)"):
        opened(parts, roster)
    with pytest.raises(ShapeError, match="type float64"):
        opened({name: np.zeros(4) for name in parts}, roster)
    with pytest.raises(ShapeError, match="one dimension"):
        in_words(np.zeros((2, 2)), 2)


def test_a_roster_that_hides_nobody_or_cannot_be_is_refused() -> None:
    key = Party("T1").public
    with pytest.raises(ConfigError, match="a sum of 1 part hides nobody"):
        Roster({"T1": key}, "p")
    with pytest.raises(ConfigError, match="the same public key"):
        Roster({"T1": key, "T2": key}, "p")
    with pytest.raises(ArtifactError, match="the public key of T2 has 3 bytes"):
        Roster({"T1": key, "T2": b"abc"}, "p")


def test_a_key_that_agrees_with_nobody_is_refused() -> None:
    party = Party("T1")
    with pytest.raises(ArtifactError, match="the public key of T2 is no point"):
        party.mask(np.zeros(1), Roster({"T1": party.public, "T2": bytes(32)}, "p"), 0)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.kdf.hkdf", None)
    with pytest.raises(ConfigError, match=r"cryptography, which is not here.*pip install 'fluid\[privacy\]'"):
        Party("T1")
