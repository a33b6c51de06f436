"""Companies as mixed programmes: many small chemical series, each dealt whole to one of a few companies of unequal size."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fluid.companies.kmeans import clusterings
from fluid.companies.size import power_law
from fluid.companies.smoothing import smooth
from fluid.companies.spec import CompanySpec
from fluid.data.table import MoleculeTable
from fluid.seeding import numpy_stream


def series_draws(table: MoleculeTable, spec: CompanySpec, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield candidate splits: `spec.series` clusters dealt to the companies, `spec.smoothing` of the molecules then moved at random.

    The seed decides the clusters once (as `kmeans` with so many companies would make them); each candidate deals them anew.

    Raises:
        InputError: There are fewer different fingerprints than series.
    """
    cluster = next(clusterings(table, spec.series, seed, "companies.series"))
    sizes, shares = np.bincount(cluster, minlength=spec.series), power_law(spec.n, spec.size_exponent)
    attempt = 0
    while True:
        company = deal(sizes, shares, numpy_stream(seed, "companies", "series", attempt))[cluster]
        yield smooth(company, spec.n, spec.smoothing, numpy_stream(seed, "companies", "smoothing", attempt))
        attempt += 1


def deal(sizes: NDArray[np.int64], shares: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Deal groups in random order, each whole to the company that lacks most of its share by then (ties: the lower company).

    No company ends further from its share than the size of the largest group.

    Args:
        sizes: Members of each group.
        shares: Share of all members that each company is aimed at (sum 1).
        rng: Orders the groups.

    Returns:
        Company of each group.
    """
    lacking = shares * sizes.sum()
    company_of = np.empty(len(sizes), dtype=np.int64)
    for group in rng.permutation(len(sizes)):
        company = int(np.argmax(lacking))
        company_of[group] = company
        lacking[company] -= sizes[group]
    return company_of
