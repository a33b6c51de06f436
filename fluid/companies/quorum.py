"""Does every simulated company have enough molecules and labels to train a teacher?"""

import numpy as np
from numpy.typing import NDArray

from fluid.companies.spec import CompanySpec
from fluid.data.endpoints import Endpoint
from fluid.data.quorum import count_labels
from fluid.data.table import MoleculeTable
from fluid.errors import QuorumError


def check_companies(table: MoleculeTable, company: NDArray[np.int64], spec: CompanySpec, leave_out: bool = False) -> QuorumError | None:
    """Return the first shortage, smallest company first, as the error to raise, or None when every company has enough.

    Args:
        table: The pool.
        company: Company of each molecule, 0 to `spec.n` − 1.
        spec: `min_size` and `min_per_class` are checked.
        leave_out: Whether a company may leave endpoints out of which it has too few labels; it must keep one.
    """
    for index in reversed(range(spec.n)):
        members = company == index
        shortage = _size_shortage(int(members.sum()), spec) or _label_shortage(table, members, spec, leave_out or spec.endpoint_share < 1)
        if shortage:
            what, remedy = shortage
            return QuorumError(f"split {spec.method!r} leaves company T{index + 1} with {what}", remedy=remedy)
    return None


def _size_shortage(size: int, spec: CompanySpec) -> tuple[str, str] | None:
    if size >= spec.min_size:
        return None
    return f"{size} molecules, fewer than companies.min_size={spec.min_size}", _remedy(spec, "min_size")


def _label_shortage(table: MoleculeTable, members: NDArray[np.bool_], spec: CompanySpec, leave_out: bool) -> tuple[str, str] | None:
    found = [shortage(table.labels[members, column], endpoint, spec) for column, endpoint in enumerate(table.endpoints)]
    short = [text for text in found if text]
    if not short or (leave_out and len(short) < len(found)):
        return None
    return "; ".join(short if leave_out else short[:1]), _remedy(spec, "min_per_class")


def shortage(labels: NDArray[np.float32], endpoint: Endpoint, spec: CompanySpec) -> str:
    """Say how many labels `(M,)` of an endpoint a company has, if these are too few; else nothing."""
    found = count_labels(labels, endpoint)
    if endpoint.kind == "classification":
        inactive, active = found.counts
        counts, needed = f"{active} active and {inactive} inactive labels of {endpoint.name!r}", spec.min_per_class
    else:
        counts, needed = f"{found.text} of {endpoint.name!r}", 2 * spec.min_per_class
    return f"{counts}, fewer than {needed} (companies.min_per_class={spec.min_per_class})" if found.fewest < needed else ""


def enough_labels(table: MoleculeTable, company: NDArray[np.int64], spec: CompanySpec, quorum: int = 0) -> NDArray[np.bool_]:
    """Return of which endpoints each company has enough labels, `(n, T)`.

    A company's teacher also asks for a `quorum` (`intake.quorum`); where a company has that of no endpoint, this says what it has enough of
    otherwise, so that the teacher can say what it lacks.
    """
    columns = list(enumerate(table.endpoints))
    enough = np.zeros((spec.n, len(columns)), dtype=bool)
    trained = np.zeros_like(enough)
    for index in range(spec.n):
        for column, endpoint in columns:
            labels = table.labels[company == index, column]
            enough[index, column] = not shortage(labels, endpoint, spec)
            trained[index, column] = enough[index, column] and count_labels(labels, endpoint).fewest >= quorum
    return np.where(trained.any(axis=1, keepdims=True), trained, enough)


def _remedy(spec: CompanySpec, setting: str) -> str:
    flatter = ", lower companies.size_exponent"
    softer = {"dirichlet": ", raise companies.alpha", "size": flatter, "series": f", raise companies.series{flatter}"}.get(spec.method, "")
    return f"Lower companies.n{softer}, lower companies.{setting}, or try another seed."
