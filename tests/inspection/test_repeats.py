"""Against a reference in plain Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fluid.inspection.repeats import FIRST, count_repeats


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0.0, 1.0, 2.5])), max_size=60))
def test_repeated_labels_are_counted_as_by_hand(rows: list[tuple[int, float]]) -> None:
    groups: dict[int, list[int]] = {}
    for place, (key, _) in enumerate(rows):
        groups.setdefault(key, []).append(place)
    values = [value for _, value in rows]
    differing = [group for group in groups.values() if len({values[place] for place in group}) > 1]
    found = count_repeats(np.array([key for key, _ in rows], dtype=np.uint64), np.array(values, dtype=np.float32))
    assert (found.molecules, found.repeated) == (len(groups), sum(len(group) > 1 for group in groups.values()))
    assert found.conflicts == len(differing)
    assert [list(group) for group in found.first] == sorted(differing)[:FIRST]
    assert found.ones == sum({values[place] for place in group} == {1.0} for group in groups.values())
    assert found.zeros == sum({values[place] for place in group} == {0.0} for group in groups.values())
    largest = max((max(values[p] for p in group) - min(values[p] for p in group) for group in groups.values()), default=0)
    assert found.largest == largest
