"""Companies as clusters of chemistry: k-means on feature fingerprints, with smoothed borders."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from fluid.companies.smoothing import smooth
from fluid.companies.spec import CompanySpec
from fluid.data.table import MoleculeTable
from fluid.errors import InputError
from fluid.molecules.fingerprints import morgan_bits
from fluid.seeding import derive_seed, numpy_stream

RADIUS = 2
N_BITS = 2048
FIT_LIMIT = 20_000
CHUNK = 8192


def kmeans_draws(table: MoleculeTable, spec: CompanySpec, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield candidate splits: each company is one cluster, `spec.smoothing` of the molecules then moved at random.

    Raises:
        InputError: There are fewer different fingerprints than companies.

    References:
        Hanser et al., *Nature Machine Intelligence* 7, 2025, doi:10.1038/s42256-025-00991-2 (private splits).
    """
    for attempt, cluster in enumerate(clusterings(table, spec.n, seed, "companies.n")):
        yield smooth(cluster, spec.n, spec.smoothing, numpy_stream(seed, "companies", "smoothing", attempt))


def clusterings(table: MoleculeTable, n: int, seed: int, setting: str) -> Iterator[NDArray[np.int64]]:
    """Yield k-means clusterings of the molecules' FCFP4-like bits, each from other centres.

    Beyond 20,000 molecules the centres are fitted on a random sample of that size, so memory stays bounded. One thread
    only: the sums of several threads would depend on their timing.

    Args:
        table: The molecules.
        n: Clusters.
        seed: Seed of the random streams.
        setting: The setting that says `n`, for the error.

    Raises:
        InputError: There are fewer different fingerprints than clusters.
    """
    bits = morgan_bits(table.smiles, radius=RADIUS, n_bits=N_BITS, features=True)
    sample = _unpack(bits[_sample(len(bits), seed)])
    n_distinct = len(np.unique(bits, axis=0))
    if n_distinct < n:
        raise InputError(f"{n_distinct} different fingerprints cannot make {n} clusters", remedy=f"Lower {setting}.")
    attempt = 0
    while True:
        yield _cluster(bits, sample, n, derive_seed(seed, "companies", "kmeans", attempt))
        attempt += 1


def _sample(size: int, seed: int) -> NDArray[np.int64]:
    if size <= FIT_LIMIT:
        return np.arange(size)
    return np.sort(numpy_stream(seed, "companies", "kmeans sample").choice(size, FIT_LIMIT, replace=False))


def _unpack(bits: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.unpackbits(bits, axis=1).astype(np.float32)


def _cluster(bits: NDArray[np.uint8], sample: NDArray[np.float32], n: int, seed: int) -> NDArray[np.int64]:
    from sklearn.cluster import KMeans  # what does not cluster need not wait for it

    model = KMeans(n, n_init=1, random_state=seed % 2**32)
    with threadpool_limits(limits=1):
        model.fit(sample)
        parts = [model.predict(_unpack(bits[start : start + CHUNK])) for start in range(0, len(bits), CHUNK)]
    return np.concatenate(parts).astype(np.int64)
