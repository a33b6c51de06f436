"""Companies with label skew: each class is spread over the companies by a Dirichlet draw."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from fluid.companies.label_classes import label_classes
from fluid.companies.spec import CompanySpec
from fluid.data.table import MoleculeTable
from fluid.errors import ConfigError
from fluid.seeding import numpy_stream


def dirichlet_draws(table: MoleculeTable, spec: CompanySpec, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield candidate splits: the molecules of each class, in random order, are cut in shares drawn from Dirichlet(`spec.alpha`).

    The classes are those of `spec.endpoint`: its two labels, or four quantile bins for a regression endpoint; molecules
    without that label are a class of their own.

    Raises:
        ConfigError: The table has no labels, or `spec.endpoint` is not one of its endpoints.

    References:
        Hsu, Qi and Brown, "Measuring the effects of non-identical data distribution for federated visual
        classification", 2019, arXiv:1909.06335.
    """
    classes = label_classes(table, _endpoint_index(table, spec.endpoint))
    attempt = 0
    while True:
        rng = numpy_stream(seed, "companies", "dirichlet", attempt)
        company = np.empty(len(classes), dtype=np.int64)
        for value in np.unique(classes):
            members = rng.permutation(np.flatnonzero(classes == value))
            company[members] = cut(len(members), rng.dirichlet(np.full(spec.n, spec.alpha)))
        yield company
        attempt += 1


def _endpoint_index(table: MoleculeTable, name: str) -> int:
    names = [endpoint.name for endpoint in table.endpoints]
    if not names:
        raise ConfigError("companies.method 'dirichlet' skews labels, but the table has none", remedy="Choose another method.")
    if name and name not in names:
        raise ConfigError(f"companies.endpoint {name!r} is not in the table", expected=f"one of {', '.join(names)}")
    return names.index(name) if name else 0


def cut(size: int, shares: NDArray[np.float64]) -> NDArray[np.int64]:
    """Cut `size` places into consecutive runs whose lengths follow `shares` (sum 1), each within one place of exact.

    Returns:
        Index of the share that each place belongs to, ascending.
    """
    borders = np.rint(np.cumsum(shares) * size).astype(np.int64)[:-1]
    return np.searchsorted(borders, np.arange(size), side="right").astype(np.int64)
