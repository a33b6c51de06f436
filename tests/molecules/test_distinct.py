import numpy as np
import pytest

from fluid.molecules.distinct import Names, encode_names, number_names, number_names_by_table


@pytest.mark.parametrize("dtype", [np.uint64, np.int64, np.int32])
@pytest.mark.parametrize("length", [0, 1, 500])
def test_names_are_numbered_in_order_of_first_occurrence(dtype: type, length: int) -> None:
    names = np.random.default_rng(length).integers(0, 40, length).astype(dtype) + np.iinfo(dtype).max // 2
    seen: dict[int, int] = {}
    expected = [seen.setdefault(int(name), len(seen)) for name in names]
    first, number = number_names(names)
    assert number.tolist() == expected == encode_names(names)[0].tolist()
    assert first.tolist() == [names.tolist().index(name) for name in seen]
    assert (first.dtype, number.dtype, encode_names(names)[0].dtype) == (np.int64, np.int64, np.int32)


@pytest.mark.parametrize("dtype", [np.int64, np.int32])
@pytest.mark.parametrize("length", [0, 1, 500])
def test_a_table_numbers_as_hashing_does_whatever_it_held(dtype: type, length: int) -> None:
    dice = np.random.default_rng(length)
    table = dice.integers(-9, 9, 40).astype(np.int32)
    for _ in range(3):
        names = dice.integers(0, 40, length).astype(dtype)
        for ours, expected in zip(number_names_by_table(names, table), number_names(names), strict=True):
            assert ours.tolist() == expected.tolist()
            assert ours.dtype == np.int64


@pytest.mark.parametrize("compact", [False, True])
def test_names_of_a_library_are_numbered_by_rows_in_any_order(compact: bool) -> None:
    dice = np.random.default_rng(2)
    names = dice.integers(0, 1 << 60, 30)[dice.integers(0, 30, 200)]
    library = Names(names, compact)
    for rows in (np.array([7, 3, 7, 199]), dice.permutation(200), np.arange(0)):
        for ours, expected in zip(library.numbered(rows), number_names(names[rows]), strict=True):
            assert ours.tolist() == expected.tolist()
