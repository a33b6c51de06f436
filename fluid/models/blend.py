"""Two models as one: a local one where a molecule lies close to what it knows, a general one elsewhere."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.models.neighbours import columns_of
from fluid.models.prediction import Prediction, as_prediction, entropy
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import NearestReference

SUPPORT_K = 3


@dataclass(frozen=True, slots=True)
class Gate:
    """The share of the local model by similarity `s`: `most · clip((s − low) / (high − low), 0, 1)`.

    Attributes:
        low: Similarity up to which the local model has no share.
        high: Similarity from which on it has `most`.
        most: Its largest share.
    """

    low: float
    high: float
    most: float

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: A value is out of range.
        """
        if not (-1 <= self.low < self.high <= 2 and 0 <= self.most <= 1):
            raise ConfigError(f"{self} is out of range", expected="low below high, and most in [0, 1]")

    def share(self, similarity: np.ndarray) -> np.ndarray:
        """Return the local model's share for similarities of any shape."""
        share: np.ndarray = self.most * np.clip((similarity.astype(np.float64) - self.low) / (self.high - self.low), 0.0, 1.0)
        return share


@dataclass(frozen=True, eq=False)
class Blend:
    """A mixture of two models by local support; a `Predictor`.

    The similarity that the gate reads is the mean Tanimoto similarity to the 3 nearest of the local model's molecules. An endpoint that the
    local model does not answer is the general one's alone.

    Attributes:
        local: The local model; its endpoints are among those of `general`.
        general: The general model.
        bits: Packed fingerprints of the molecules that the local model knows, `(n, bytes)` uint8.
        gate: The local model's share.

    Raises:
        ConfigError: The local model answers an endpoint that the general one does not.
        ShapeError: `bits` are no packed fingerprints.
    """

    kind: ClassVar[str] = "blend"
    local: Predictor
    general: Predictor
    bits: np.ndarray
    gate: Gate

    def __post_init__(self) -> None:
        """Check endpoints and fingerprints."""
        columns_of(self.local.endpoints, self.general.endpoints)
        if self.bits.ndim != 2 or self.bits.dtype != np.uint8:
            raise ShapeError(f"bits are {self.bits.dtype} {self.bits.shape}", expected="packed fingerprints (n, bytes) uint8")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of the general model."""
        return self.general.endpoints

    @cached_property
    def _reference(self) -> NearestReference:
        return NearestReference(self.bits)

    def support(self, molecules: MoleculeSet) -> np.ndarray:
        """Return the similarity `(M,)` that the gate reads."""
        return self._reference.mean_similarity(molecules.bits, SUPPORT_K)

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by both, in their shares."""
        return self.mixed(self.answers(molecules), self.gate.share(self.support(molecules)))

    def answers(self, molecules: MoleculeSet) -> tuple[Prediction, Prediction]:
        """Return what the local and the general model say."""
        return self.local.predict(molecules), self.general.predict(molecules)

    def mixed(self, answers: tuple[Prediction, Prediction], share: np.ndarray) -> Prediction:
        """Return the mixture of both answers with shares `(M,)` of the local model."""
        local, general = answers
        columns = columns_of(self.local.endpoints, self.endpoints)
        shares = np.zeros(general.mean.shape)
        shares[:, columns] = share[:, None]
        return mixture(self.endpoints, replace_columns(local, columns, general), general, shares)


def replace_columns(local: Prediction, columns: list[int], general: Prediction) -> Prediction:
    """Return the general prediction with the local one in some columns."""
    planes = []
    for name in ("mean", "epistemic", "aleatoric"):
        plane = getattr(general, name).copy()
        plane[:, columns] = getattr(local, name)
        planes.append(plane)
    return as_prediction(*planes)


def mixture(endpoints: tuple[Endpoint, ...], local: Prediction, general: Prediction, share: np.ndarray) -> Prediction:
    """Return the mixture with shares `(M, T)` of `local`; what the two disagree about is epistemic.

    Classes: `H(mean)` less the mixed aleatoric parts. Values: the law of total variance.
    """
    said, else_said = (part.mean.astype(np.float64) for part in (local, general))
    mean = share * said + (1 - share) * else_said
    aleatoric = share * local.aleatoric + (1 - share) * general.aleatoric
    spread = share * (local.epistemic + (said - mean) ** 2) + (1 - share) * (general.epistemic + (else_said - mean) ** 2)
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    return as_prediction(mean, np.where(is_class, np.maximum(entropy(mean) - aleatoric, 0.0), spread), aleatoric)
