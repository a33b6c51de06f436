"""Against references: NumPy's own quantiles and sets, and what chance allows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fluid.inspection.sampling import DistinctCount, FewCounter, NumberSample, Reservoir, TextSample, hashes


@given(st.lists(st.integers(0, 40), max_size=12))
def test_a_sample_that_holds_everything_is_everything(sizes: list[int]) -> None:
    sample, all_values = NumberSample(1_000, "t"), np.empty(0)
    for size in sizes:
        block = np.arange(size, dtype=float)
        sample.add(block)
        all_values = np.concatenate([all_values, block])
    assert sample.values.tolist() == np.sort(all_values).tolist()
    assert sample.count == len(all_values)
    if len(all_values):
        assert (sample.low, sample.high) == (all_values.min(), all_values.max())


def test_every_thing_has_the_same_chance() -> None:
    hits = np.zeros(100)
    for trial in range(400):
        reservoir, kept = Reservoir(10, "chance", trial), np.full(10, -1)
        for start in range(0, 100, 7):
            block = np.arange(start, min(start + 7, 100))
            which, places = reservoir.places(len(block))
            kept[places] = block[which]
        hits[kept] += 1
    assert hits.sum() == 4000
    assert abs(hits - 40).max() < 5 * np.sqrt(40)


def test_blocks_do_not_matter_for_quantiles_and_a_run_is_repeated_exactly() -> None:
    values = np.random.default_rng(0).normal(size=50_000)
    one, other = NumberSample(5_000, "q"), NumberSample(5_000, "q")
    for sample in (one, other):
        for block in np.array_split(values, 13):
            sample.add(block)
    assert np.array_equal(one.values, other.values)
    assert np.quantile(one.values, [0.25, 0.5, 0.75]) == pytest.approx(np.quantile(values, [0.25, 0.5, 0.75]), abs=0.06)


def test_texts_are_cut_off() -> None:
    sample = TextSample(3, 4, "t")
    sample.add(["abcdefg", "b"])
    assert sample.texts == ["abcd", "b"]


def test_few_things_are_counted_exactly_and_more_are_known_to_be_there() -> None:
    counter = FewCounter[str](2)
    for thing in "abacbc":
        counter.add(thing, 2)
    assert (dict(counter.common), counter.more) == ({"a": 4, "b": 4}, True)


@pytest.mark.parametrize("count", [0, 1, 500, 4_095])
def test_different_texts_are_counted_exactly_while_there_are_few(count: int) -> None:
    counted = DistinctCount()
    for _ in range(3):
        counted.add([f"t{i}" for i in range(count)])
    assert (counted.count, counted.exact) == (count, True)


def test_many_different_texts_are_counted_within_a_few_percent() -> None:
    counted = DistinctCount()
    for start in range(0, 200_000, 10_000):
        counted.add([f"t{i % 150_000}" for i in range(start, start + 10_000)])
    assert counted.count == pytest.approx(150_000, rel=0.06)


def test_hashes_differ_and_are_the_same_everywhere() -> None:
    assert len(set(hashes([f"t{i}" for i in range(20_000)]).tolist())) == 20_000
    assert hashes(["CCO"]).tolist() == hashes(["x", "CCO"]).tolist()[1:]
    assert hashes(["CCO"]).dtype == np.uint64
