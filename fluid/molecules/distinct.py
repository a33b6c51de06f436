"""Numbers for names: the first distinct name is 0, the next 1, and so on.

Arrow's dictionary encoding does it twice as fast as pandas' `factorize`, and a prediction need not import pandas.
"""

import numpy as np
import pyarrow as pa


def encoded(names: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the number of each name, int32 in order of first occurrence, and how many distinct names there are."""
    array = pa.array(names).dictionary_encode()
    return array.indices.to_numpy(), len(array.dictionary)


def numbered(names: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where each distinct name first occurs, int64, and the number of each name, int64, in order of first occurrence."""
    number, distinct = encoded(names)
    first = np.empty(distinct, dtype=np.int64)
    first[number[::-1]] = np.arange(len(names) - 1, -1, -1)
    return first, number.astype(np.int64)
