"""Molecules that are almost the same as one of many others: Tanimoto similarity of Morgan fingerprints at or above a threshold.

Two fingerprints with `a <= b` bits share at most `a` of `b`, so a similarity of `t` needs `a >= t b`. Sorted by their number of bits,
a block of queries meets only a slice of the references, in one matrix product of whole (exact) numbers.
"""

from typing import NamedTuple

import numpy as np

from fluid.errors import ConfigError, ShapeError

QUERIES, REFERENCES = 512, 4096
NONE = -1
ROUNDING = 1e-9


class NearDuplicates(NamedTuple):
    """The most similar reference of each query that reaches the threshold, `(M,)` each.

    Attributes:
        row: Which reference, int64; −1 where none reaches it.
        similarity: Tanimoto similarity, float64; 0 where none reaches it.
    """

    row: np.ndarray
    similarity: np.ndarray


def near_duplicates(query_bits: np.ndarray, reference_bits: np.ndarray, threshold: float) -> NearDuplicates:
    """Find the references that queries almost repeat; of equally similar ones the first. Empty fingerprints are like nothing.

    Args:
        query_bits: Packed fingerprints `(M, bytes)` uint8.
        reference_bits: Packed fingerprints `(N, bytes)` uint8.
        threshold: Smallest similarity that counts, above 0, at most 1.

    Raises:
        ConfigError: The threshold is out of range.
        ShapeError: The fingerprints differ in length.
    """
    if not 0 < threshold <= 1:
        raise ConfigError(f"the similarity of near duplicates is {threshold}", expected="a number above 0, at most 1")
    if query_bits.shape[1:] != reference_bits.shape[1:]:
        raise ShapeError(f"fingerprints have {query_bits.shape[1:]} and {reference_bits.shape[1:]} bytes", expected="equal lengths")
    found = NearDuplicates(np.full(len(query_bits), NONE, dtype=np.int64), np.zeros(len(query_bits)))
    sizes, counts = _sizes(query_bits), _sizes(reference_bits)
    asked, others = (np.argsort(values, kind="stable") for values in (sizes, counts))
    sorted_counts = counts[others]
    for start in range(int(np.searchsorted(sizes[asked], 1)), len(asked), QUERIES):
        rows = asked[start : start + QUERIES]
        first = np.searchsorted(sorted_counts, threshold * sizes[rows[0]] - ROUNDING)
        last = np.searchsorted(sorted_counts, sizes[rows[-1]] / threshold + ROUNDING, side="right")
        dense = _dense(query_bits[rows])
        for low in range(int(first), int(last), REFERENCES):
            candidates = others[low : min(low + REFERENCES, int(last))]
            common = dense @ _dense(reference_bits[candidates]).T
            union = np.maximum(sizes[rows][:, None] + counts[candidates][None, :] - common.astype(np.float64), 1)
            _take_better(found, rows, candidates, common / union, threshold - ROUNDING)
    return found


def _sizes(bits: np.ndarray) -> np.ndarray:
    """Return how many bits each packed fingerprint has, without unpacking all at once."""
    table = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(axis=1).astype(np.uint8)
    parts = [table[bits[start : start + REFERENCES]].sum(axis=1, dtype=np.int64) for start in range(0, len(bits), REFERENCES)]
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _dense(bits: np.ndarray) -> np.ndarray:
    return np.unpackbits(bits, axis=1).astype(np.float32)


def _take_better(found: NearDuplicates, rows: np.ndarray, candidates: np.ndarray, similarity: np.ndarray, least: float) -> None:
    """Enter what is more similar than what was found before, or as similar and earlier."""
    for place in np.flatnonzero(similarity.max(axis=1) >= least):
        best = similarity[place].max()
        row, earlier = rows[place], int(candidates[similarity[place] == best].min())
        if (best, -earlier) > (found.similarity[row], -found.row[row]):
            found.row[row], found.similarity[row] = earlier, best
