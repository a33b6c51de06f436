from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from fluid.evaluation.letters import compact_letters

PAIRS = list(combinations(range(6), 2))


def test_known_cases() -> None:
    assert compact_letters([0, 1, 2], []) == ["a", "a", "a"]
    assert compact_letters([2, 1, 0], [(0, 1), (0, 2), (1, 2)]) == ["c", "b", "a"]
    assert compact_letters([0, 1, 2], [(0, 2)]) == ["a", "ab", "b"]
    assert compact_letters([1, 0], [(0, 1)]) == ["b", "a"]


@given(st.permutations(range(6)), st.lists(st.sampled_from(PAIRS), unique=True))
def test_two_share_a_letter_exactly_when_they_are_not_told_apart(order: list[int], different: list[tuple[int, int]]) -> None:
    letters = compact_letters(order, different)
    for first, second in PAIRS:
        assert bool(set(letters[first]) & set(letters[second])) == ((first, second) not in different)
    assert "a" in letters[order[0]]
    assert all(letters)


def test_more_groups_than_letters_get_numbers() -> None:
    found = compact_letters(list(range(28)), list(combinations(range(28), 2)))
    assert found[25:] == ["z", "a1", "b1"]
