"""Batches of counts are rows of the sparse matrix, in any order."""

import numpy as np
import torch
from scipy.sparse import csr_matrix

from fluid.molecules.count_batch import CountTensors

DENSE = np.array([[0.0, 2, 0], [1, 0, 3], [0, 0, 0], [4, 5, 6]])


def dense_of(rows: list[int]) -> np.ndarray:
    counts = CountTensors.from_features(csr_matrix(DENSE)).rows(torch.tensor(rows, dtype=torch.long))
    found = np.zeros((len(rows), 3))
    for row in range(len(rows)):
        part = slice(int(counts.ends[row]), int(counts.ends[row + 1]))
        found[row, counts.columns[part].numpy()] = counts.values[part].numpy()
    assert int(counts.ends[-1]) == len(counts.columns) == len(counts.values)
    return found


def test_rows_come_in_the_order_asked_for_with_repeats_and_none() -> None:
    for rows in ([0, 1, 2, 3], [3, 0], [2], [2, 2, 1, 1, 2], []):
        np.testing.assert_array_equal(dense_of(rows), DENSE[rows])
