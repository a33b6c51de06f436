"""A nearest-neighbour model over annotated molecules: nothing is learnt, and what is known locally stays as it was said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, QuorumError, ShapeError
from fluid.models.prediction import Prediction, as_prediction, entropy
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import NearestReference
from fluid.ranges import require_not_negative


@dataclass(frozen=True, slots=True)
class NeighbourSpec:
    """How neighbours are weighed.

    Attributes:
        k: Nearest molecules that answer.
        similarity_power: A neighbour weighs its Tanimoto similarity to this power; 0: all alike.
        confidence_power: And the confidence of its soft label to this power; 0: all alike.
    """

    k: int = 10
    similarity_power: float = 8.0
    confidence_power: float = 0.0

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A value is out of range.
        """
        if self.k < 1:
            raise ConfigError(f"distillation.neighbours.k is {self.k}", expected="a whole number above 0")
        require_not_negative(self, "distillation.neighbours", "similarity_power", "confidence_power")


@dataclass(frozen=True, eq=False)
class NeighbourPredictor:
    """The weighted mean of the nearest molecules' soft labels; a `Predictor`.

    `p = Σ s^a c^b q / Σ s^a c^b` over the `k` nearest that have a soft label `q`, with similarity `s` and confidence `c`. Where all
    weigh 0, the answer is the mean of all soft labels. The uncertainty is decomposed over the neighbours: their own entropy is
    aleatoric, their disagreement epistemic. A label says nothing of its variance, so that values have no aleatoric part.

    Attributes:
        bits: Packed fingerprints of the annotated molecules, `(n, bytes)` uint8.
        soft_label: Probabilities or values `(n, T)` float32; NaN is missing.
        confidence: In [0, 1], `(n, T)` float32.
        endpoints: The `T` endpoints.
        spec: How neighbours are weighed.

    Raises:
        ShapeError: The arrays do not fit.
        ConfigError: A confidence is outside [0, 1], or a soft label is infinite or no probability.
        QuorumError: There is no molecule.
    """

    kind: ClassVar[str] = "neighbours"
    bits: np.ndarray
    soft_label: np.ndarray
    confidence: np.ndarray
    endpoints: tuple[Endpoint, ...]
    spec: NeighbourSpec

    def __post_init__(self) -> None:
        """Check shapes and ranges."""
        shape = (len(self.bits), len(self.endpoints))
        for name in ("soft_label", "confidence"):
            if getattr(self, name).shape != shape:
                raise ShapeError(f"{name} has shape {getattr(self, name).shape}", expected=str(shape))
        if not len(self.bits):
            raise QuorumError("there is no molecule to be a neighbour", expected="at least 1")
        if self.bits.dtype != np.uint8 or self.bits.ndim != 2:
            raise ShapeError(f"bits are {self.bits.dtype} {self.bits.shape}", expected="packed fingerprints (n, bytes) uint8")
        if not np.all((self.confidence >= 0) & (self.confidence <= 1)):
            raise ConfigError("a confidence is outside [0, 1]")
        known = self.soft_label[:, self._is_class]
        if np.isinf(self.soft_label).any() or np.any((known < 0) | (known > 1)):
            raise ConfigError("a soft label is infinite or no probability")

    @property
    def _is_class(self) -> np.ndarray:
        return np.array([endpoint.kind == "classification" for endpoint in self.endpoints])

    @cached_property
    def _reference(self) -> NearestReference:
        return NearestReference(self.bits)

    def with_more(self, molecules: MoleculeSet, labels: np.ndarray) -> "NeighbourPredictor":
        """Return the model with measured molecules among the neighbours; `labels` `(M, T)`, NaN missing, are certain."""
        return replace(
            self,
            bits=np.concatenate([self.bits, molecules.bits]),
            soft_label=np.concatenate([self.soft_label, labels]).astype(np.float32),
            confidence=np.concatenate([self.confidence, np.ones_like(labels)]).astype(np.float32),
        )

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by its neighbours."""
        found = self._reference.nearest(molecules.bits, self.spec.k)
        labels = self.soft_label[found.rows].astype(np.float64)  # (M, k, T)
        weight = found.similarity[:, :, None].astype(np.float64) ** self.spec.similarity_power
        weight = weight * self.confidence[found.rows].astype(np.float64) ** self.spec.confidence_power
        weight = np.where(np.isnan(labels), 0.0, weight)
        total = weight.sum(axis=1, keepdims=True)
        share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
        local = total[:, 0] > 0
        return self._decomposed(share, np.nan_to_num(labels), local)

    def _decomposed(self, share: np.ndarray, labels: np.ndarray, local: np.ndarray) -> Prediction:
        """Return means and uncertainties over neighbours with shares `(M, k, T)`; the mean of all where there is no `local` `(M, T)`."""
        everything, spread = self._overall
        mean = np.where(local, (share * labels).sum(axis=1), everything)
        aleatoric = np.where(self._is_class, np.where(local, (share * entropy(labels)).sum(axis=1), 0.0), 0.0)
        variance = np.where(local, (share * (labels - mean[:, None]) ** 2).sum(axis=1), spread)
        epistemic = np.where(self._is_class, np.maximum(entropy(mean) - aleatoric, 0.0), variance)
        return as_prediction(mean, epistemic, aleatoric)

    @cached_property
    def _overall(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of all soft labels of each endpoint, `(T,)`; 1/2 or 0, and 0, where there are none."""
        known = ~np.isnan(self.soft_label)
        count = known.sum(axis=0)
        values = np.nan_to_num(self.soft_label.astype(np.float64))
        mean = np.where(count > 0, values.sum(axis=0) / np.maximum(count, 1), np.where(self._is_class, 0.5, 0.0))
        return mean, (known * (values - mean) ** 2).sum(axis=0) / np.maximum(count, 1)


def columns_of(endpoints: Sequence[Endpoint], among: Sequence[Endpoint]) -> list[int]:
    """Return where some endpoints are among others.

    Raises:
        ConfigError: An endpoint is not in `among`.
    """
    for endpoint in endpoints:
        if endpoint not in among:
            known = ", ".join(str(e.name) for e in among)
            raise ConfigError(f"endpoint {endpoint.name!r} is unknown to the other model", expected=f"the same definition as in: {known}")
    return [list(among).index(endpoint) for endpoint in endpoints]
