"""What is learnt from: measured labels of a private split, or soft labels of public molecules."""

from typing import NamedTuple

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.molecules.molecule_set import MoleculeSet


class Measured(NamedTuple):
    """What a company measured.

    Attributes:
        molecules: `M` molecules of the private split.
        labels: `(M, T)`, NaN missing.
        endpoints: The `T` endpoints.
        censored: Which labels are bounds `(M, T)`, as in `MoleculeTable`; `None`: none is.
    """

    molecules: MoleculeSet
    labels: np.ndarray
    endpoints: tuple[Endpoint, ...]
    censored: np.ndarray | None = None


class Lesson(NamedTuple):
    """What a student is taught.

    Attributes:
        molecules: `M` transfer molecules.
        soft_label: What is learnt of them, `(M, T)`.
        confidence: How sure that is, `(M, T)`.
        weight: Weight of each in the loss, `(M, T)`.
        variance: Variance of each soft label `(M, T)`, or `None` where the loss needs none.
        endpoints: The `T` endpoints.
    """

    molecules: MoleculeSet
    soft_label: np.ndarray
    confidence: np.ndarray
    weight: np.ndarray
    variance: np.ndarray | None
    endpoints: tuple[Endpoint, ...]

    def take(self, rows: np.ndarray) -> "Lesson":
        """Return a part of the lesson."""
        variance = None if self.variance is None else self.variance[rows]
        soft_label, confidence, weight = (plane[rows] for plane in (self.soft_label, self.confidence, self.weight))
        return Lesson(self.molecules.take(rows), soft_label, confidence, weight, variance, self.endpoints)
