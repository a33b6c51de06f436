"""Similarity to the nearest of many reference fingerprints, by sparse sums instead of a dense product.

Of 2,048 bits a drug-like molecule sets about 50: the bits that it shares with all references are the sum of 50 rows of the transposed
reference matrix, a fortieth of the arithmetic of a matrix product, with the same (whole-numbered, exact) result.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

QUERIES, REFERENCES = 1024, 256
HALF_EXACT = 2048
"""Whole numbers up to here are exact in half precision, which takes half the time to read."""
PLACE_BITS = 32
LAST_PLACE = 2**PLACE_BITS - 1
"""Room for the place of a reference beside its similarity in one whole number."""
LAID_OUT = 16_384
"""References that are kept laid out, 4 kB each; more are laid out anew for each search, a tenth of its time."""


class Nearest(NamedTuple):
    """The nearest references of each query, nearest first, `(Mq, k)` each.

    Attributes:
        rows: Which reference, int64.
        similarity: Tanimoto similarity, float32.
    """

    rows: np.ndarray
    similarity: np.ndarray


class Hidden(NamedTuple):
    """References that do not count for some queries.

    Attributes:
        queries: Which query, of each pair `(P,)` int64.
        references: Which reference does not count for it `(P,)` int64.
        similarity: From this similarity on, no reference counts for any query.
    """

    queries: np.ndarray
    references: np.ndarray
    similarity: float = np.inf


class NearestReference:
    """References laid out for fast similarity searches.

    Args:
        reference_bits: Packed fingerprints `(n, bytes)` uint8.
    """

    def __init__(self, reference_bits: np.ndarray) -> None:
        self.n = len(reference_bits)
        self._bits = [reference_bits[start : start + REFERENCES] for start in range(0, self.n, REFERENCES)]
        self._kept = [_lay_out(part) for part in self._bits] if self.n <= LAID_OUT else []

    def _blocks(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield each block of references: their bits `(bits, n)`, float16 or float32, and how many each has `(n,)`, float32."""
        yield from self._kept or (_lay_out(part) for part in self._bits)

    def mean_similarity(self, query_bits: np.ndarray, k: int, hidden: Hidden | None = None) -> np.ndarray:
        """Return the mean Tanimoto similarity `(Mq,)` float32 of each query to its `k` nearest references.

        With fewer than `k` references all are used; with none the similarity is 0. A query that is a reference finds itself.

        Args:
            query_bits: Packed fingerprints `(Mq, bytes)` uint8.
            k: Nearest references that count, at least 1.
            hidden: References that do not count; `None`: all do.
        """
        k = min(k, self.n)
        nearest = np.zeros(len(query_bits), dtype=np.float32)
        for start in range(0, len(query_bits) if k else 0, QUERIES):
            best = np.full((len(query_bits[start : start + QUERIES]), k), -1, dtype=np.float32)
            first = 0
            for similarity in self._similarities(query_bits[start : start + QUERIES]):
                if hidden is not None:
                    _hide(similarity, hidden, start, first)
                first += similarity.shape[1]
                better = np.flatnonzero(similarity.max(axis=1) > best.min(axis=1))
                best[better] = _top(np.concatenate([best[better], similarity[better]], axis=1), k)
            best = np.sort(best, axis=1)
            nearest[start : start + QUERIES] = best.mean(axis=1) if hidden is None else _mean_of_found(best)
        return nearest

    def nearest(self, query_bits: np.ndarray, k: int) -> Nearest:
        """Return the `k` nearest references of each query, or all if there are fewer; of equally near ones the first come first.

        Args:
            query_bits: Packed fingerprints `(Mq, bytes)` uint8.
            k: How many, at least 1.
        """
        queries = [_Queries(query_bits[start : start + QUERIES]) for start in range(0, len(query_bits), QUERIES)]
        best = [(np.empty((part.n, 0), np.int64), np.empty((part.n, 0), np.float32)) for part in queries]
        first = 0
        for block, counts in self._blocks():  # laid out once for all queries
            for number, part in enumerate(queries):
                best[number] = _best(*best[number], part.similarity(block, counts), first, k)
            first += len(counts)
        empty = [(np.empty((0, min(k, self.n)), np.int64), np.empty((0, min(k, self.n)), np.float32))]
        return Nearest(*(np.concatenate(parts) for parts in zip(*(best or empty), strict=True)))

    def pairs(self, query_bits: np.ndarray, similarity: float) -> np.ndarray:
        """Return all pairs of a query and a reference of at least a Tanimoto similarity above 0, `(P, 2)` int64, sorted."""
        found = [np.empty((0, 2), dtype=np.int64)]
        for start in range(0, len(query_bits), QUERIES):
            first = 0
            for block in self._similarities(query_bits[start : start + QUERIES]):
                found.append(np.argwhere(block >= similarity) + np.array([start, first]))
                first += block.shape[1]
        pairs: np.ndarray = np.unique(np.concatenate(found), axis=0)
        return pairs

    def _similarities(self, query_bits: np.ndarray) -> Iterator[np.ndarray]:
        """Yield the similarities to one block of references after the other; a block and its answers stay in the cache."""
        queries = _Queries(query_bits)
        for block, counts in self._blocks():
            yield queries.similarity(block, counts)


class _Queries:
    """Queries as lists of the bits that they set."""

    def __init__(self, query_bits: np.ndarray) -> None:
        dense = np.unpackbits(query_bits, axis=1)
        sizes = dense.sum(axis=1, dtype=np.int64)
        self.n, self._bits = len(dense), torch.from_numpy(np.flatnonzero(dense.view(bool)) % dense.shape[1])
        self._offsets = torch.from_numpy(np.cumsum(sizes) - sizes)
        self._total = torch.from_numpy(sizes.astype(np.float32)).unsqueeze(1)

    def similarity(self, block: Tensor, counts: Tensor) -> np.ndarray:
        """Return the Tanimoto similarity `(Mq, n)` to a block of references."""
        return _tanimoto(F.embedding_bag(self._bits, block, self._offsets, mode="sum").float(), self._total + counts)


def _lay_out(bits: np.ndarray) -> tuple[Tensor, Tensor]:
    dense = np.unpackbits(bits, axis=1)
    exact = np.float16 if dense.shape[1] <= HALF_EXACT else np.float32
    return torch.from_numpy(np.ascontiguousarray(dense.T, dtype=exact)), torch.from_numpy(dense.sum(axis=1, dtype=np.float32))


def _hide(similarity: np.ndarray, hidden: Hidden, start: int, first: int) -> None:
    """Set the similarities that do not count to −1, in a block of queries from `start` on and references from `first` on."""
    queries, references = hidden.queries - start, hidden.references - first
    here = (queries >= 0) & (queries < similarity.shape[0]) & (references >= 0) & (references < similarity.shape[1])
    similarity[queries[here], references[here]] = -1
    similarity[similarity >= hidden.similarity] = -1


def _mean_of_found(best: np.ndarray) -> np.ndarray:
    """Return the mean of each row without its −1; 0 where nothing else is left; bit by bit the plain mean where there are none."""
    found = (best >= 0).sum(axis=1)
    mean: np.ndarray = best.mean(axis=1)
    short = np.flatnonzero(found < best.shape[1])
    mean[short] = np.maximum(best[short], 0).sum(axis=1) / np.maximum(found[short], 1)
    return mean


def _best(index: np.ndarray, similarity: np.ndarray, new: np.ndarray, first: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the `k` largest of earlier and new similarities, with where they are; the new ones are those of references from `first` on."""
    if index.shape[1] < k:
        return _merge(index, similarity, new, first, k)
    better = np.flatnonzero(new.max(axis=1) > similarity[:, -1])  # seldom many: most blocks hold none of a query's nearest
    index[better], similarity[better] = _merge(index[better], similarity[better], new[better], first, k)
    return index, similarity


def _merge(index: np.ndarray, similarity: np.ndarray, new: np.ndarray, first: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the `k` largest of both, sorted as whole numbers: the bits of a similarity (in the order of similarities), then its place."""
    places = np.concatenate([index, np.broadcast_to(np.arange(first, first + new.shape[1]), new.shape)], axis=1)
    values = np.concatenate([similarity, new], axis=1, dtype=np.float32)
    order = (values.view(np.int32).astype(np.int64) << PLACE_BITS) | (LAST_PLACE - places)
    best = np.sort(_top(order, k), axis=1)[:, ::-1]
    return LAST_PLACE - (best & LAST_PLACE), (best >> PLACE_BITS).astype(np.int32).view(np.float32)


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
