"""Summaries of bounded size of a stream of any length: fair samples, counts of few different texts, the number of different ones."""

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from typing import Generic, TypeVar

import numpy as np
import pandas as pd

from fluid.seeding import numpy_stream

Thing = TypeVar("Thing", bound=Hashable)
SMALLEST = 4096
"""Hashes that a count of different texts keeps: it is exact up to here, and off by 1.6 % (one standard deviation) beyond."""


def hashes(texts: Sequence[str]) -> np.ndarray:
    """Return a 64-bit hash of each text, the same in every process, `(N,)` uint64."""
    return np.asarray(pd.util.hash_array(np.array(texts, dtype=object), categorize=False), dtype=np.uint64)


class Reservoir:
    """Which things of a stream are in a fair sample of it (Vitter, Random sampling with a reservoir, doi:10.1145/3147.3165, algorithm R).

    Args:
        size: Most things in the sample.
        names: What the sample is of; names its random stream.
    """

    def __init__(self, size: int, *names: str | int) -> None:
        self.size, self.seen = size, 0
        self._draw = numpy_stream(0, "inspection", *names)

    def places(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return which of the next `count` things come into the sample, and each one's place in it; later ones replace earlier ones."""
        number = np.arange(self.seen, self.seen + count)
        self.seen += count
        place = np.where(number < self.size, number, self._draw.integers(0, number + 1))
        which = np.flatnonzero(place < self.size)
        return which, place[which]


class NumberSample:
    """A fair sample of numbers, with their number and range."""

    def __init__(self, size: int, *names: str | int) -> None:
        self._places = Reservoir(size, *names)
        self._kept = np.empty(size)
        self.low, self.high = np.inf, -np.inf

    def add(self, values: np.ndarray) -> None:
        """Take in some more."""
        if len(values):
            which, places = self._places.places(len(values))
            self._kept[places] = values[which]
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    @property
    def count(self) -> int:
        """How many came."""
        return self._places.seen

    @property
    def values(self) -> np.ndarray:
        """The sample, ascending."""
        return np.sort(self._kept[: min(self.count, len(self._kept))])


class TextSample:
    """A fair sample of texts, each cut off at a length."""

    def __init__(self, size: int, longest: int, *names: str | int) -> None:
        self._places, self._longest = Reservoir(size, *names), longest
        self.texts: list[str] = []

    def add(self, texts: Sequence[str]) -> None:
        """Take in some more."""
        for which, place in zip(*(part.tolist() for part in self._places.places(len(texts))), strict=True):
            text = texts[which][: self._longest]
            if place < len(self.texts):
                self.texts[place] = text
            else:
                self.texts.append(text)


class FewCounter(Generic[Thing]):
    """Counts of different things, as long as there are few; further ones are then only known to exist."""

    def __init__(self, most: int) -> None:
        self.counts: Counter[Thing] = Counter()
        self.most, self.more = most, False

    def add(self, thing: Thing, count: int) -> None:
        """Count a thing `count` times."""
        if thing in self.counts or len(self.counts) < self.most:
            self.counts[thing] += count
        else:
            self.more = True

    @property
    def common(self) -> tuple[tuple[Thing, int], ...]:
        """The things with their counts, the most frequent first."""
        return tuple(self.counts.most_common())


class DistinctCount:
    """How many different texts there are, from the smallest of their hashes (Bar-Yossef et al. 2002, doi:10.1007/3-540-45726-7_1)."""

    def __init__(self, size: int = SMALLEST) -> None:
        self._size, self._kept = size, np.empty(0, dtype=np.uint64)

    def add(self, texts: Collection[str]) -> None:
        """Take in some more."""
        new = hashes(list(texts))
        if len(self._kept) == self._size:
            new = new[new < self._kept[-1]]
        if len(new):
            self._kept = np.union1d(self._kept, new)[: self._size]

    @property
    def exact(self) -> bool:
        """Whether the count is exact."""
        return len(self._kept) < self._size

    @property
    def count(self) -> int:
        """The count, or the best guess."""
        return len(self._kept) if self.exact else round((self._size - 1) / (float(self._kept[-1]) / 2.0**64))
