import numpy as np
import pytest

from fluid.molecules.distinct import encoded, numbered


@pytest.mark.parametrize("dtype", [np.uint64, np.int64, np.int32])
@pytest.mark.parametrize("length", [0, 1, 500])
def test_names_are_numbered_in_order_of_first_occurrence(dtype: type, length: int) -> None:
    names = np.random.default_rng(length).integers(0, 40, length).astype(dtype) + np.iinfo(dtype).max // 2
    seen: dict[int, int] = {}
    expected = [seen.setdefault(int(name), len(seen)) for name in names]
    first, number = numbered(names)
    assert number.tolist() == expected == encoded(names)[0].tolist()
    assert first.tolist() == [names.tolist().index(name) for name in seen]
    assert (first.dtype, number.dtype, encoded(names)[0].dtype) == (np.int64, np.int64, np.int32)
