"""Share one pool of molecules out among simulated companies."""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from fluid.companies.dirichlet import dirichlet_draws
from fluid.companies.kmeans import kmeans_draws
from fluid.companies.quorum import check_companies
from fluid.companies.scaffold import scaffold_draws
from fluid.companies.series import series_draws
from fluid.companies.size import size_draws
from fluid.companies.spec import CompanySpec
from fluid.data.table import MoleculeTable
from fluid.errors import InputError, QuorumError

Draws = Callable[[MoleculeTable, CompanySpec, int], Iterator[NDArray[np.int64]]]
DRAWS: dict[str, Draws] = {
    "kmeans": kmeans_draws,
    "scaffold": scaffold_draws,
    "dirichlet": dirichlet_draws,
    "size": size_draws,
    "series": series_draws,
}
ATTEMPTS = {"kmeans": 5, "scaffold": 5, "dirichlet": 1000, "size": 20, "series": 100}


def split_companies(table: MoleculeTable, spec: CompanySpec, seed: int, leave_out: bool = False) -> NDArray[np.int64]:
    """Assign every molecule of `table` to one of `spec.n` companies.

    Companies are numbered by descending size, 0 the largest (ties: the company with the smallest key first). The
    partition depends on the molecules, their labels, `spec` and `seed` alone: row order does not matter. When a
    draw leaves a company below `spec.min_size` or `spec.min_per_class`, the next draw of the same method is tried (5 for `kmeans` and
    `scaffold`, 1000 for `dirichlet`, 20 for `size`, 100 for `series`); molecules are never moved to repair a split. Stereo-isomers may
    come to different companies, as in life: nobody is scored on another company's private molecules. If companies may leave endpoints out,
    the first draw is taken after which each keeps one, where none leaves all of them enough of all.

    Args:
        table: The pool.
        spec: Method and its settings.
        seed: Seed of the random streams.
        leave_out: Whether companies may leave endpoints out of which they have too few labels.

    Shapes:
        returns: (M,)

    Raises:
        InputError: The pool has fewer molecules than `spec.n` companies need.
        QuorumError: No draw gave every company enough molecules and labels.
    """
    _check_pool(len(table), spec)
    order = np.array(sorted(range(len(table)), key=lambda row: (table.keys[row], table.smiles[row])), dtype=np.int64)
    company = np.empty(len(table), dtype=np.int64)
    company[order] = _first_accepted(table.take(order), spec, seed, leave_out)
    return company


def company_name(index: int) -> str:
    """Return the name of a company: `T1` for index 0, like the teacher it trains."""
    return f"T{index + 1}"


def _check_pool(size: int, spec: CompanySpec) -> None:
    if size < spec.n * spec.min_size:
        raise InputError(
            f"{size} molecules cannot make {spec.n} companies of {spec.min_size} or more",
            remedy="Lower companies.n or companies.min_size, or add molecules.",
        )


def _first_accepted(table: MoleculeTable, spec: CompanySpec, seed: int, leave_out: bool) -> NDArray[np.int64]:
    problem: QuorumError | None = None
    spare: NDArray[np.int64] | None = None
    for draw in islice(DRAWS[spec.method](table, spec, seed), ATTEMPTS[spec.method]):
        company = _by_size(draw, spec.n)
        problem = check_companies(table, company, spec)
        if problem is None:
            return company
        if leave_out and spare is None:
            problem = check_companies(table, company, spec, leave_out)
            spare = company if problem is None else None
    if spare is not None:
        return spare
    raise problem or InputError("no draw was made")


def _by_size(company: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Renumber companies by descending size; of equal ones the company of the earliest row first."""
    sizes = np.bincount(company, minlength=n)
    first = np.full(n, len(company))
    np.minimum.at(first, company, np.arange(len(company)))
    rank = np.empty(n, dtype=np.int64)
    rank[np.lexsort((first, -sizes))] = np.arange(n)
    return rank[company]
