"""The paper's domain score: how far molecules lie from a sample of a teacher's private data, as it is.

A raw distance locates private compounds: it leaves a company only where `annotation.domain=distances` asks for it, to replay the paper.
"""

from collections.abc import Sequence

import numpy as np

from fluid.errors import ConfigError
from fluid.molecules.fingerprints import morgan_bits

QUERIES = 4096


class DistanceScorer:
    """Mean Euclidean distance to the `k` nearest reference molecules, on FCFP4-like bits (Morgan radius 2, feature invariants, 2,048 bits).

    Args:
        reference_bits: Packed fingerprints of a sample of the private molecules, `(n, 256)` uint8, at least one.
        k: Nearest molecules that count; all where there are fewer.

    Raises:
        ConfigError: `k` is not possible, or there is no reference.

    References:
        Hanser et al., *Nature Machine Intelligence* 7, 2025, doi:10.1038/s42256-025-00991-2 (k = 8, a sample of 20 %).
    """

    def __init__(self, reference_bits: np.ndarray, k: int = 8) -> None:
        if k < 1 or not len(reference_bits):
            raise ConfigError(f"annotation.distance_k is {k} of {len(reference_bits)} molecules", expected="1 or more of at least 1")
        self._dense = np.unpackbits(reference_bits, axis=1).astype(np.float32)
        self._k = min(k, len(reference_bits))

    def distances(self, smiles: Sequence[str]) -> np.ndarray:
        """Return the mean distance of each molecule `(M,)` float32, 0 or more."""
        parts = [self._of(smiles[start : start + QUERIES]) for start in range(0, len(smiles), QUERIES)]
        return np.concatenate([np.empty(0, dtype=np.float32), *parts])

    def _of(self, smiles: Sequence[str]) -> np.ndarray:
        query = np.unpackbits(feature_bits(smiles), axis=1).astype(np.float32)
        squared = query.sum(1)[:, None] + self._dense.sum(1)[None] - 2 * query @ self._dense.T  # whole numbers: exact
        nearest = np.partition(squared, self._k - 1, axis=1)[:, : self._k]
        mean: np.ndarray = np.sort(np.sqrt(nearest), axis=1).mean(axis=1)
        return mean


def feature_bits(smiles: Sequence[str]) -> np.ndarray:
    """Return the fingerprints on which distances are measured, `(M, 256)` uint8."""
    return morgan_bits(smiles, features=True)


def span(distance: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest of all teachers' distances `(K, M)`: the paper's one global scale."""
    return float(distance.min()), float(distance.max())


def closeness(distance: np.ndarray, scale: tuple[float, float]) -> np.ndarray:
    """Return `1 − (d − low) / (high − low)` for distances of any shape, within [0, 1]; 1 where the scale has no width."""
    low, high = scale
    if high <= low:
        return np.ones_like(distance)
    close: np.ndarray = np.clip(1 - (distance - low) / (high - low), 0.0, 1.0).astype(distance.dtype)
    return close
