"""The coarse domain score: how close molecules lie to a teacher's private data, in at most four steps."""

from collections.abc import Sequence

import numpy as np

from fluid.annotation.annotation_set import MAX_BINS
from fluid.errors import ConfigError
from fluid.molecules.nearest import Hidden, NearestReference

HIGHEST_EDGE = 0.6


def check_edges(edges: Sequence[float]) -> None:
    """Refuse edges that are not rising within (0, 1), or too many.

    Raises:
        ConfigError: The edges do not rise within (0, 1), or are too many.
    """
    rising = all(a < b for a, b in zip((0.0, *edges), (*edges, 1.0), strict=True))
    if not rising or len(edges) >= MAX_BINS:
        raise ConfigError(f"annotation.edges is {list(edges)}", expected=f"at most {MAX_BINS - 1} rising numbers between 0 and 1")


def check_telling(edges: Sequence[float], k: int) -> None:
    """Refuse a domain score that tells which single molecules a company has.

    With `k = 1` the score of a molecule is its similarity to one private molecule, and mean similarities above 0.6 are seldom reached but
    by a molecule that is there itself: edges 0.9, 0.95 and 0.99 with `k = 1` told members from others without an error.

    Raises:
        ConfigError: `k` is 1, or an edge is above 0.6.
    """
    if k != 1 and all(edge <= HIGHEST_EDGE for edge in edges):
        return
    said = "annotation.k is 1" if k == 1 else f"annotation.edges is {list(edges)}"
    raise ConfigError(
        f"{said}: such domain scores tell which single molecules a company has",
        expected=f"k of 2 or more, and edges of at most {HIGHEST_EDGE}",
        remedy="For research with public data: annotation.revealing=true.",
    )


def bin_midpoints(edges: Sequence[float]) -> tuple[float, ...]:
    """Return a representative similarity for each bin: the middle between its edges."""
    return tuple((low + high) / 2 for low, high in zip((0.0, *edges), (*edges, 1.0), strict=True))


class DomainScorer:
    """Bins of the mean Tanimoto similarity to the `k` nearest private molecules.

    The similarities themselves never leave this object: distances to private compounds locate them.

    Args:
        reference_bits: Packed fingerprints of the private molecules, `(n, bytes)` uint8.
        edges: Public, fixed edges between bins.
        k: Nearest molecules that count.

    Raises:
        ConfigError: The edges or `k` are not possible.
    """

    def __init__(self, reference_bits: np.ndarray, edges: Sequence[float] = (0.3, 0.4, 0.5), k: int = 3) -> None:
        check_edges(edges)
        if k < 1:
            raise ConfigError(f"annotation.k is {k}", expected="1 or more")
        self.edges, self.k, self._bits = tuple(edges), k, reference_bits
        self._reference: NearestReference | None = None  # laid out at first use: eight times as large as the bits

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return len(self.edges) + 1

    def bins(self, query_bits: np.ndarray, hidden: Hidden | None = None) -> np.ndarray:
        """Return the bin of each molecule, `(M,)` uint8; 0 is farthest.

        Args:
            query_bits: Packed fingerprints `(M, bytes)` uint8.
            hidden: Private molecules that do not count, by their place in the reference; `None`: all do.
        """
        if self._reference is None:
            self._reference = NearestReference(self._bits)
        bins: np.ndarray = np.digitize(self._reference.mean_similarity(query_bits, self.k, hidden), self.edges).astype(np.uint8)
        return bins
