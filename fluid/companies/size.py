"""Companies of very different size, with the same chemistry: random molecules, power-law sizes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fluid.companies.dirichlet import cut
from fluid.companies.spec import CompanySpec
from fluid.data.table import MoleculeTable
from fluid.seeding import numpy_stream


def size_draws(table: MoleculeTable, spec: CompanySpec, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield candidate splits: molecules in random order, cut into shares that fall off as a power law."""
    shares = power_law(spec.n, spec.size_exponent)
    attempt = 0
    while True:
        company = np.empty(len(table), dtype=np.int64)
        order = numpy_stream(seed, "companies", "size", attempt).permutation(len(table))
        company[order] = cut(len(table), shares)
        yield company
        attempt += 1


def power_law(n: int, exponent: float) -> NDArray[np.float64]:
    """Return `n` shares, the i-th (from 1) proportional to i^(−exponent), that sum to 1."""
    weights = np.arange(1, n + 1, dtype=np.float64) ** -exponent
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
