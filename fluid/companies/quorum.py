"""Does every simulated company have enough molecules and labels to train a teacher?"""

import numpy as np
from numpy.typing import NDArray

from fluid.companies.spec import CompanySpec
from fluid.data.endpoints import Endpoint
from fluid.data.table import MoleculeTable
from fluid.errors import QuorumError


def check_companies(table: MoleculeTable, company: NDArray[np.int64], spec: CompanySpec) -> QuorumError | None:
    """Return the first shortage, smallest company first, as the error to raise, or None when every company has enough.

    Args:
        table: The pool.
        company: Company of each molecule, 0 to `spec.n` − 1.
        spec: `min_size` and `min_per_class` are checked.
    """
    for index in reversed(range(spec.n)):
        members = company == index
        shortage = _size_shortage(int(members.sum()), spec) or _label_shortage(table, members, spec)
        if shortage:
            what, remedy = shortage
            return QuorumError(f"split {spec.method!r} leaves company T{index + 1} with {what}", remedy=remedy)
    return None


def _size_shortage(size: int, spec: CompanySpec) -> tuple[str, str] | None:
    if size >= spec.min_size:
        return None
    return f"{size} molecules, fewer than companies.min_size={spec.min_size}", _remedy(spec, "min_size")


def _label_shortage(table: MoleculeTable, members: NDArray[np.bool_], spec: CompanySpec) -> tuple[str, str] | None:
    found = [shortage(table.labels[members, column], endpoint, spec) for column, endpoint in enumerate(table.endpoints)]
    if spec.endpoint_share < 1 and not all(found):
        return None  # it keeps those of which it has enough
    first = next(filter(None, found), "")
    return (first, _remedy(spec, "min_per_class")) if first else None


def shortage(labels: NDArray[np.float32], endpoint: Endpoint, spec: CompanySpec) -> str:
    """Say how many labels `(M,)` of an endpoint a company has, if these are too few; else nothing."""
    labels = labels[np.isfinite(labels)]
    if endpoint.kind == "classification":
        positives = int((labels > 0.5).sum())
        counts = f"{positives} active and {len(labels) - positives} inactive labels of {endpoint.name!r}"
        needed, fewest = spec.min_per_class, min(positives, len(labels) - positives)
    else:
        counts = f"{len(labels)} values of {endpoint.name!r}"
        needed, fewest = 2 * spec.min_per_class, len(labels)
    return f"{counts}, fewer than {needed} (companies.min_per_class={spec.min_per_class})" if fewest < needed else ""


def enough_labels(table: MoleculeTable, company: NDArray[np.int64], spec: CompanySpec) -> NDArray[np.bool_]:
    """Return of which endpoints each company has enough labels, `(n, T)`."""
    columns = list(enumerate(table.endpoints))
    return np.array([[not shortage(table.labels[company == i, c], e, spec) for c, e in columns] for i in range(spec.n)], dtype=bool)


def _remedy(spec: CompanySpec, setting: str) -> str:
    softer = {"dirichlet": ", raise companies.alpha", "size": ", lower companies.size_exponent"}.get(spec.method, "")
    return f"Lower companies.n{softer}, lower companies.{setting}, or try another seed."
