"""Too few labels to learn from are refused, or left out and told, before any work is done."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from fluid.data.censoring import measured_only
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.intake_spec import REFUSE, IntakeSpec
from fluid.data.table import MoleculeTable
from fluid.data.wording import listed
from fluid.errors import QuorumError

NAMED = 12


class Found(NamedTuple):
    """How many labels there are of an endpoint: of class 0 and 1, or one number of values."""

    endpoint: Endpoint
    counts: tuple[int, ...]

    @property
    def fewest(self) -> int:
        """The count that matters: that of the smaller class, or of all values."""
        return min(self.counts)

    @property
    def text(self) -> str:
        """The counts in words."""
        return (
            f"{self.counts[0]} values" if len(self.counts) == 1 else f"{self.counts[0]} labels of class 0 and {self.counts[1]} of class 1"
        )


class Kept(NamedTuple):
    """Molecules with their labels of the endpoints that have enough, and in words what there is of those that were left out."""

    dataset: Dataset
    left_out: Mapping[str, str]

    def note(self, where: str, minimum: int) -> str:
        """Say in one line what was left out; nothing, if nothing was."""
        names = shown([f"{name!r} ({text})" for name, text in self.left_out.items()])
        return f"{where}: left out for fewer than {minimum} labels (intake.quorum): {names}" if names else ""


def count_labels(labels: np.ndarray, endpoint: Endpoint) -> Found:
    """Count labels `(M,)` of an endpoint; NaN is none."""
    if endpoint.kind == "regression":
        return Found(endpoint, (int(np.isfinite(labels).sum()),))
    return Found(endpoint, (int(np.sum(labels == 0)), int(np.sum(labels == 1))))


def shortages(table: MoleculeTable, minimum: int) -> list[Found]:
    """Return the endpoints with fewer labels of a class, or values, than a minimum, of which at least one is always needed."""
    counted = [count_labels(table.labels[:, column], endpoint) for column, endpoint in enumerate(table.endpoints)]
    return [found for found in counted if found.fewest < max(minimum, 1)]


def check_quorum(table: MoleculeTable, minimum: int = 25, where: str = "") -> None:
    """Refuse to learn from too few labels.

    Args:
        table: The labelled molecules.
        minimum: Fewest labels of each class (classification) or in all (regression), bounds included; at least one is always needed.
        where: File or company, for the message.

    Raises:
        QuorumError: Endpoints have one class only, or too few labels (names all of them), or bounds only.
    """
    if short := shortages(table, minimum):
        raise _too_few(short, max(minimum, 1), where)
    measured = measured_only(table.labels, table.censored)
    for column, endpoint in enumerate(table.endpoints):
        if np.isnan(measured[:, column]).all():
            what = f"endpoint {endpoint.name!r} has bounds of values only"
            remedy = "Add some: bounds alone do not say how large values are."
            raise QuorumError(what, where=where, expected="a measured value", remedy=remedy)


def keep_enough(dataset: Dataset, spec: IntakeSpec, where: str) -> Kept:
    """Leave out the endpoints with too few labels, and the molecules of which nothing else was measured, as `below_quorum` says.

    Args:
        dataset: The labelled molecules.
        spec: `quorum` and `below_quorum` are read.
        where: File or company, for the message.

    Raises:
        QuorumError: An endpoint is below the quorum and is to be refused, or all are.
    """
    short = {found.endpoint.name: found for found in shortages(dataset.table, spec.quorum)}
    if not short:
        return Kept(dataset, {})
    if spec.below_quorum == REFUSE or len(short) == len(dataset.endpoints):
        raise _too_few(list(short.values()), max(spec.quorum, 1), where)
    kept = [column for column, endpoint in enumerate(dataset.endpoints) if endpoint.name not in short]
    censored = None if dataset.censored is None else dataset.censored[:, kept]
    rest = dataset.with_labels(dataset.labels[:, kept], tuple(dataset.endpoints[column] for column in kept), censored)
    rows = np.flatnonzero(np.isfinite(rest.labels).any(axis=1))
    return Kept(rest.take(rows), {name: found.text for name, found in short.items()})


def _too_few(short: Sequence[Found], minimum: int, where: str) -> QuorumError:
    if len(short) == 1:
        return _one_too_small(short[0], minimum, where)
    names = shown([f"{found.endpoint.name!r} ({found.text})" for found in short])
    return QuorumError(
        f"{len(short)} endpoints have too few labels: {names}",
        where=where,
        expected=f"at least {minimum} values, or {minimum} of each class",
        remedy="Add labelled molecules, or lower intake.quorum.",
    )


def _one_too_small(found: Found, minimum: int, where: str) -> QuorumError:
    what, regression = f"endpoint {found.endpoint.name!r} has {found.text}", len(found.counts) == 1
    expected = f"at least {minimum}" + ("" if regression else " of each class")
    if regression or found.fewest or not any(found.counts):
        return QuorumError(what, where=where, expected=expected, remedy="Add labelled molecules, or lower intake.quorum.")
    remedy = "Add molecules of the other class" + (", or move the threshold." if found.endpoint.threshold is not None else ".")
    return QuorumError(f"{what}: one class only", where=where, expected=expected, remedy=remedy)


def shown(texts: Sequence[str]) -> str:
    """Return texts as one, the first dozen in full."""
    return listed(texts, NAMED)
