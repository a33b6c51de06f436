"""What a company has measured near a molecule, as observations beside what a model says of it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.models.blend import mixture
from fluid.models.prediction import Prediction, as_prediction, entropy
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import NearestReference
from fluid.ranges import require_not_negative, require_positive


@dataclass(frozen=True, slots=True)
class MeasuredSpec:
    """How much a company's labels count beside an answer.

    Attributes:
        k: Nearest measured molecules that count; 0: none.
        power: Each counts its Tanimoto similarity to this power (Morgan fingerprints of radius 2).
        prior: Labels that the answer itself counts as.

    Raises:
        ConfigError: A value is out of range.
    """

    k: int = 10
    power: float = 4.0
    prior: float = 1.0

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.k < 0:
            raise ConfigError(f"hybrid.measured.k is {self.k}", expected="a whole number of 0 or more")
        require_not_negative(self, "hybrid.measured", "power")
        require_positive(self, "hybrid.measured", "prior")


class Near(NamedTuple):
    """What has been measured near `M` molecules, `(M, T)` float64 each.

    Attributes:
        nearest: Similarity to the nearest measured molecule, which may be the molecule itself; 0 where there is none.
        weight: What the labels near it count together.
        mean: Their weighted mean; 0 where the weight is.
        spread: Their weighted variance.
    """

    nearest: np.ndarray
    weight: np.ndarray
    mean: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True, eq=False)
class Measured:
    """A company's molecules with their labels.

    A molecule does not count for itself: what has the same fingerprint is passed over. So thresholds and guards can be chosen on them.

    Attributes:
        bits: Packed fingerprints `(n, bytes)` uint8.
        labels: Classes or values `(n, T)` float32; NaN where nothing was measured, or nothing but a bound.
        spec: How much they count.

    Raises:
        ShapeError: `bits` are no packed fingerprints, or the labels are not `(n, T)` float32.
    """

    bits: np.ndarray
    labels: np.ndarray
    spec: MeasuredSpec = field(default_factory=MeasuredSpec)

    def __post_init__(self) -> None:
        """Check shapes and types."""
        if self.bits.ndim != 2 or self.bits.dtype != np.uint8:
            raise ShapeError(f"bits are {self.bits.dtype} {self.bits.shape}", expected="packed fingerprints (n, bytes) uint8")
        if self.labels.ndim != 2 or len(self.labels) != len(self.bits) or self.labels.dtype != np.float32:
            what = f"labels have shape {self.labels.shape} and type {self.labels.dtype}"
            raise ShapeError(what, expected=f"float32 ({len(self.bits)}, T)")

    @cached_property
    def _references(self) -> list[tuple[list[int], np.ndarray, NearestReference]]:
        """Endpoints that were measured on the same molecules, the rows of these, and their fingerprints laid out."""
        known = np.isfinite(self.labels).T
        alike, places = np.unique(known, axis=0, return_inverse=True)
        found = [(np.flatnonzero(places == place).tolist(), np.flatnonzero(rows)) for place, rows in enumerate(alike)]
        return [(columns, rows, NearestReference(self.bits[rows])) for columns, rows in found]

    def near(self, molecules: MoleculeSet) -> Near:
        """Return what has been measured near each molecule, of each endpoint's own `k` nearest: weights `s^a` and moments of labels."""
        planes = np.zeros((len(Near._fields), len(molecules), self.labels.shape[1]))
        for columns, rows, reference in self._references:
            found = reference.nearest(np.asarray(molecules.bits), max(self.spec.k, 1))
            similarity = found.similarity.astype(np.float64)
            weight = np.where(similarity < 1, similarity**self.spec.power, 0.0) * (self.spec.k > 0)
            labels = self.labels[rows][:, columns].astype(np.float64)[found.rows]
            planes[0][:, columns] = similarity.max(axis=1, initial=0.0)[:, None]
            planes[1][:, columns] = weight.sum(axis=1)[:, None]
            planes[2:, :, columns] = _moments(weight, labels)
        return Near(*planes)

    def beside(self, near: Near, said: Prediction, endpoints: tuple[Endpoint, ...]) -> Prediction:
        """Return answers with the labels near each molecule as observations: `(m · said + Σ s^a y) / (m + Σ s^a)`.

        Classes: the posterior mean of a Bernoulli probability whose beta prior is worth `m` labels. Values: that of a mean whose normal
        prior is worth `m` values. What answer and labels disagree about is epistemic. What labels disagree about among themselves is
        aleatoric in classes; of values it is epistemic too, since their noise is known from the answer.
        """
        is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
        doubt, noise = np.where(is_class, 0.0, near.spread), np.where(is_class, entropy(near.mean * is_class), said.aleatoric)
        return mixture(endpoints, as_prediction(near.mean, doubt, noise), said, near.weight / (self.spec.prior + near.weight))


def _moments(weight: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and variance `(M, T)` of labels `(M, k, T)` with weights `(M, k)`; 0 where all weigh nothing."""
    total = weight.sum(axis=1, keepdims=True)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)[:, :, None]
    mean = (share * labels).sum(axis=1)
    return mean, (share * (labels - mean[:, None]) ** 2).sum(axis=1)
