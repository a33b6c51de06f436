"""Similarity to the nearest of many reference fingerprints, by sparse sums instead of a dense product.

Of 2,048 bits a drug-like molecule sets about 50: the bits that it shares with all references are the sum of 50 rows of the transposed
reference matrix, a fortieth of the arithmetic of a matrix product, with the same (whole-numbered, exact) result.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

QUERIES, REFERENCES = 1024, 256


class NearestReference:
    """References laid out for fast similarity searches.

    Args:
        reference_bits: Packed fingerprints `(n, bytes)` uint8.
    """

    def __init__(self, reference_bits: np.ndarray) -> None:
        dense = np.unpackbits(reference_bits, axis=1)
        self.n = len(dense)
        counts = torch.from_numpy(dense.sum(axis=1, dtype=np.float32))
        columns = [dense[start : start + REFERENCES] for start in range(0, self.n, REFERENCES)]
        self._blocks = [torch.from_numpy(np.ascontiguousarray(part.T, dtype=np.float32)) for part in columns]
        self._counts = counts.split(REFERENCES)

    def mean_similarity(self, query_bits: np.ndarray, k: int) -> np.ndarray:
        """Return the mean Tanimoto similarity `(Mq,)` float32 of each query to its `k` nearest references.

        With fewer than `k` references all are used; with none the similarity is 0. A query that is a reference finds itself.

        Args:
            query_bits: Packed fingerprints `(Mq, bytes)` uint8.
            k: Nearest references that count, at least 1.
        """
        k = min(k, self.n)
        nearest = np.zeros(len(query_bits), dtype=np.float32)
        for start in range(0, len(query_bits) if k else 0, QUERIES):
            similar = np.concatenate([_top(part, k) for part in self._similarities(query_bits[start : start + QUERIES])], axis=1)
            nearest[start : start + QUERIES] = _top(similar, k).mean(axis=1)
        return nearest

    def _similarities(self, query_bits: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the similarities to one block of references after the other; a block and its answers stay in the cache."""
        dense = np.unpackbits(query_bits, axis=1)
        sizes = dense.sum(axis=1, dtype=np.int64)
        bits, offsets = torch.from_numpy(np.nonzero(dense)[1]), torch.from_numpy(np.cumsum(sizes) - sizes)
        total = torch.from_numpy(sizes.astype(np.float32)).unsqueeze(1)
        for block, counts in zip(self._blocks, self._counts, strict=True):
            yield _tanimoto(F.embedding_bag(bits, block, offsets, mode="sum"), total + counts)


def _tanimoto(common: Tensor, total: Tensor) -> np.ndarray:
    """Return shared bits over bits of either; two empty fingerprints have similarity 0."""
    return common.div_(total.sub_(common).clamp_(min=1)).numpy()


def _top(similarity: np.ndarray, k: int) -> np.ndarray:
    """Return the `k` largest of each row, or all of them, in no order."""
    k = min(k, similarity.shape[1])
    return np.partition(similarity, similarity.shape[1] - k, axis=1)[:, -k:]


def nearest_similarity(query_bits: np.ndarray, reference_bits: np.ndarray, k: int) -> np.ndarray:
    """Return the mean Tanimoto similarity of queries to their `k` nearest references; see `NearestReference`."""
    return NearestReference(reference_bits).mean_similarity(query_bits, k)
