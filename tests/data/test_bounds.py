"""Against interval arithmetic on a grid: with whole bounds and thresholds, every half step stands for all values around it."""

import operator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.bounds import Bound, certain_class, contradict, tightest
from fluid.data.endpoints import Endpoint

GRID = [step / 2 for step in range(-22, 23)]
DIRECTIONS = {">=": operator.ge, ">": operator.gt, "<=": operator.le, "<": operator.lt}
bounds = st.builds(Bound, st.integers(-8, 8).map(float), st.sampled_from([1, -1]), st.booleans())


def values_in(*some: Bound) -> set[float]:
    """Return the grid points within all bounds."""
    tests = [
        (DIRECTIONS[">" if one.side > 0 else "<"] if one.strict else DIRECTIONS[">=" if one.side > 0 else "<="], one.value) for one in some
    ]
    return {value for value in GRID if all(test(value, bound) for test, bound in tests)}


@given(bounds, st.sampled_from(list(DIRECTIONS)), st.integers(-8, 8))
def test_a_class_is_certain_if_all_values_within_have_it(bound: Bound, direction: str, threshold: int) -> None:
    classes = {float(DIRECTIONS[direction](value, threshold)) for value in values_in(bound)}
    expected = classes.pop() if len(classes) == 1 else None
    assert certain_class(bound, Endpoint("x", threshold=float(threshold), direction=direction)) == expected


@given(st.lists(bounds, max_size=5))
def test_bounds_contradict_if_no_value_is_within_all(some: list[Bound]) -> None:
    assert contradict(some) == (not values_in(*some))


@given(st.lists(bounds, max_size=5), st.sampled_from([1, -1]))
def test_the_tightest_bound_of_a_side_leaves_what_all_of_that_side_leave(some: list[Bound], side: int) -> None:
    own, one = [bound for bound in some if bound.side == side], tightest(some, side)
    assert (one is None) == (not own)
    if one is not None:
        assert values_in(one) == values_in(*own)


@pytest.mark.parametrize(
    ("text", "bound", "known"),
    [
        ("x >= 5", Bound(10.0, 1, True), 1),
        ("x >= 12", Bound(10.0, 1, True), None),
        ("x >= 5", Bound(5.0, 1, False), 1),
        ("x >= 5", Bound(5.0, 1, True), 1),
        ("x > 5", Bound(5.0, 1, False), None),
        ("x > 5", Bound(5.0, 1, True), 1),
        ("x >= 5", Bound(5.0, -1, True), 0),
        ("x >= 5", Bound(5.0, -1, False), None),
        ("x <= 10", Bound(10.0, 1, True), 0),
        ("x <= 10", Bound(10.0, 1, False), None),
        ("x < 10", Bound(10.0, -1, True), 1),
        ("x [u]", Bound(10.0, 1, True), None),
    ],
)
def test_open_and_closed_ends(text: str, bound: Bound, known: float | None) -> None:
    assert certain_class(bound, Endpoint.parse(text)) == known
