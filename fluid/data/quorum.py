"""Too few labels to learn from are refused before any work is done."""

import numpy as np

from fluid.data.censoring import measured_only
from fluid.data.endpoints import Endpoint
from fluid.data.table import MoleculeTable
from fluid.errors import QuorumError


def check_quorum(table: MoleculeTable, minimum: int = 25, where: str = "") -> None:
    """Refuse to learn from too few labels.

    Args:
        table: The labelled molecules.
        minimum: Fewest labels of each class (classification) or in all (regression), bounds included; at least one is always needed.
        where: File or company, for the message.

    Raises:
        QuorumError: An endpoint has one class only, too few labels, or bounds only.
    """
    measured = measured_only(table.labels, table.censored)
    for column, endpoint in enumerate(table.endpoints):
        _check_endpoint(table.labels[:, column], endpoint, max(minimum, 1), where)
        if np.isnan(measured[:, column]).all():
            what = f"endpoint {endpoint.name!r} has bounds of values only"
            raise QuorumError(
                what, where=where, expected="a measured value", remedy="Add some: bounds alone do not say how large values are."
            )


def _check_endpoint(labels: np.ndarray, endpoint: Endpoint, minimum: int, where: str) -> None:
    if endpoint.kind == "regression":
        count = int(np.isfinite(labels).sum())
        if count < minimum:
            raise _too_few(f"endpoint {endpoint.name!r} has {count} values", f"at least {minimum}", where)
        return
    zeros, ones = (int(np.sum(labels == label)) for label in (0, 1))
    if min(zeros, ones) >= minimum:
        return
    found = f"endpoint {endpoint.name!r} has {zeros} labels of class 0 and {ones} of class 1"
    if zeros + ones and not min(zeros, ones):
        remedy = "Add molecules of the other class" + (", or move the threshold." if endpoint.threshold is not None else ".")
        raise QuorumError(f"{found}: one class only", where=where, expected=f"at least {minimum} of each class", remedy=remedy)
    raise _too_few(found, f"at least {minimum} of each class", where)


def _too_few(found: str, expected: str, where: str) -> QuorumError:
    return QuorumError(found, where=where, expected=expected, remedy="Add labelled molecules, or lower intake.quorum.")
