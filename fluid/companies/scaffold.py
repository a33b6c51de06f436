"""Companies of equal size made of whole scaffolds."""

import heapq
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fluid.companies.smoothing import smooth
from fluid.companies.spec import CompanySpec
from fluid.data.table import MoleculeTable
from fluid.molecules.scaffold import murcko_scaffold
from fluid.seeding import numpy_stream


def scaffold_draws(table: MoleculeTable, spec: CompanySpec, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield candidate splits: each Murcko scaffold goes, largest first, whole to the company that is smallest so far.

    Scaffolds of equal size come in random order. Molecules without a ring share the empty scaffold. With
    `spec.smoothing` above 0 that share of molecules then moves to another company, and scaffolds are no longer whole.
    """
    scaffolds = [murcko_scaffold(smiles) for smiles in table.smiles]
    _, group, sizes = np.unique(np.array(scaffolds, dtype=np.str_), return_inverse=True, return_counts=True)
    attempt = 0
    while True:
        rng = numpy_stream(seed, "companies", "scaffold", attempt)
        company = balanced_groups(sizes, spec.n, rng)[group]
        yield smooth(company, spec.n, spec.smoothing, numpy_stream(seed, "companies", "smoothing", attempt))
        attempt += 1


def balanced_groups(sizes: NDArray[np.int64], n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Assign groups to `n` companies, largest first to the smallest company so far (ties: random group order, lower company).

    Args:
        sizes: Members of each group.
        n: Number of companies.
        rng: Orders groups of equal size.

    Returns:
        Company of each group.
    """
    shuffled = rng.permutation(len(sizes))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    heap = [(0, company) for company in range(n)]
    company_of = np.empty(len(sizes), dtype=np.int64)
    for group in order:
        total, company = heapq.heappop(heap)
        company_of[group] = company
        heapq.heappush(heap, (total + int(sizes[group]), company))
    return company_of
