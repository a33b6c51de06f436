"""Against a reference in plain Python, which merges each molecule as the intake does."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.data.bounds import Bound, certain_class
from fluid.data.endpoints import Endpoint
from fluid.data.merging import label_of, merge_readings
from fluid.inspection.repeats import FIRST, Groups, count_repeats, reading_of, sign_number

VALUES = st.sampled_from([0.0, 1.0, 2.5])
BOUNDED = st.one_of(VALUES, st.builds(Bound, VALUES, st.sampled_from([-1, 1]), st.booleans()))
Rows = list[tuple[int, float | Bound]]


def rows_of(readings: st.SearchStrategy[float | Bound]) -> st.SearchStrategy[Rows]:
    return st.lists(st.tuples(st.integers(0, 12), readings), max_size=60)


def check(rows: Rows, endpoint: Endpoint, policy: str) -> None:
    groups: dict[int, list[int]] = {}
    for place, (key, _) in enumerate(rows):
        groups.setdefault(key, []).append(place)
    readings = [reading for _, reading in rows]
    said = [single(reading, endpoint) for reading in readings]
    speaking = {key: [place for place in group if said[place] is not None] for key, group in groups.items()}
    differing = sorted(group for group in speaking.values() if len({said[place] for place in group}) > 1)
    merged = [merge_readings([readings[place] for place in group], endpoint, policy) for group in groups.values()]
    labels = [one.label for one in merged if not math.isnan(one.label)]

    signs = [sign_number(one) if isinstance(one, Bound) else 0 for one in readings]
    values = [one.value if isinstance(one, Bound) else one for one in readings]
    keys = np.array([key for key, _ in rows], dtype=np.uint64)
    found = count_repeats(keys, np.array(values), np.array(signs, dtype=np.int8), endpoint, policy)

    expected = (len(labels),) if endpoint.kind == "regression" else (labels.count(0.0), labels.count(1.0))
    assert found.found.counts == expected
    assert found.measured == any(one.side == 0 and not math.isnan(one.label) for one in merged)
    assert (found.repeated, found.conflicts) == (sum(len(group) > 1 for group in speaking.values()), len(differing))
    assert sorted(map(sorted, found.first)) == differing[:FIRST]
    differences = [max(said[p] for p in group) - min(said[p] for p in group) for group in differing]  # type: ignore[type-var]
    assert found.largest == max(differences, default=0.0)


def single(reading: float | Bound, endpoint: Endpoint) -> float | None:
    """Return what one measurement says by itself."""
    if not isinstance(reading, Bound):
        return label_of(reading, endpoint)
    return reading.value if endpoint.threshold is None else certain_class(reading, endpoint)


@pytest.mark.parametrize("policy", ["mean", "median", "first", "drop"])
@given(rows_of(BOUNDED), st.sampled_from(["x [u]", "x >= 1", "x > 1", "x < 2.5"]))
def test_repeated_values_are_merged_and_compared_as_by_hand(policy: str, rows: Rows, text: str) -> None:
    check(rows, Endpoint.parse(text), policy)


@pytest.mark.parametrize("policy", ["drop", "majority", "first"])
@given(rows_of(st.sampled_from([0.0, 1.0])))
def test_repeated_classes_are_merged_and_compared_as_by_hand(policy: str, rows: Rows) -> None:
    check(rows, Endpoint("x"), policy)


@given(BOUNDED)
def test_a_sign_is_kept_as_a_number(reading: float | Bound) -> None:
    bound = isinstance(reading, Bound)
    assert reading_of(reading.value if bound else reading, sign_number(reading) if bound else 0) == reading  # type: ignore[union-attr]


def test_groups_keep_the_order_of_rows() -> None:
    groups = Groups(np.array([7, 3, 7, 3, 9], dtype=np.uint64))
    assert [groups.places(number) for number in range(3)] == [[1, 3], [0, 2], [4]]
