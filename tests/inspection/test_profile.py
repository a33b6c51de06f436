import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.inspection.cells import read_cell
from fluid.inspection.profile import ColumnCollector, ColumnProfile

CELLS = st.one_of(
    st.sampled_from(["", "ND", "4,5", ">3", "4.0 nM", "CCO", "x y", "0", "1", None, 4.0, 7, True, float("nan"), b"a"]),
    st.floats(-100, 100).map(lambda value: f"{value:.2f}"),
)


def collected(blocks: list[list[object]]) -> ColumnProfile:
    collector, row = ColumnCollector("x", 0), 1
    for block in blocks:
        collector.add(block, range(row, row + len(block)))
        row += len(block)
    return collector.profile()


@given(st.lists(CELLS, min_size=1, max_size=60), st.integers(1, 60))
@settings(max_examples=60)
def test_blocks_do_not_matter_and_every_cell_is_counted_once(cells: list[object], size: int) -> None:
    whole, parts = collected([cells]), collected([cells[i : i + size] for i in range(0, len(cells), size)])
    assert sum(whole.kinds.values()) == len(cells)
    assert (dict(whole.kinds), whole.distinct, sorted(whole.words), whole.first) == (
        dict(parts.kinds), parts.distinct, sorted(parts.words), parts.first,
    )  # fmt: skip
    assert whole.values.tolist() == parts.values.tolist()
    assert (whole.low, whole.high, whole.whole) == (parts.low, parts.high, parts.whole)
    numbers = [cell.value for cell in map(read_cell, [text for text in cells if isinstance(text, str)]) if cell.value == cell.value]
    assert set(numbers) <= set(whole.values.tolist())


def test_what_is_kept_of_a_long_column_is_bounded() -> None:
    collector = ColumnCollector("smiles", 0)
    for start in range(0, 40_000, 8_000):
        collector.add([f"{'C' * 3_000}{i}" for i in range(start, start + 8_000)], range(start, start + 8_000))
    profile = collector.profile()
    assert (profile.more_words, len(profile.words) <= 400, len(profile.sample)) == (True, True, 400)
    assert max(map(len, profile.sample)) <= 2_001
    assert max(len(word) for word, _ in profile.words) <= 80


def test_first_cells_of_each_kind_are_named() -> None:
    profile = collected([["1.0"] * 100, [*["2.0"] * 50, "ND", ">3"]])
    assert profile.first["text"] == ((151, "ND"),)
    assert profile.first["bound"] == ((152, ">3"),)
    assert profile.first["number"][0] == (1, "1.0")
    assert profile.sides == {1: 1}
    assert np.array_equal(np.unique(profile.values), [1.0, 2.0, 3.0])
