"""Two models mixed per molecule: a company's own where a molecule is like its data, a federated one where it is not."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.prediction import PLANES, Prediction, as_prediction, entropy
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import nearest_similarity


@dataclass(frozen=True, slots=True, eq=False)
class SimilarityGuided:
    """An ensemble of an own and a federated model, guided by similarity; a `Predictor` that stays inside the company.

    The own model's share is `s ** power`, where `s` is the mean Tanimoto similarity to the `k` nearest own molecules.

    Attributes:
        own: The company's own model.
        federated: The model that all companies have.
        reference: Packed fingerprints of the company's own molecules, `(n, bytes)` uint8.
        k: Nearest own molecules that count.
        power: Exponent of the similarity.

    Raises:
        ConfigError: The federated model lacks an endpoint of the own, or a number is out of range.
    """

    kind: ClassVar[str] = "similarity_guided"
    own: Predictor
    federated: Predictor
    reference: np.ndarray
    k: int = 3
    power: float = 1.0

    def __post_init__(self) -> None:
        """Check the settings."""
        unknown = [endpoint.name for endpoint in self.own.endpoints if endpoint not in self.federated.endpoints]
        if unknown:
            raise ConfigError(f"the federated model does not answer {unknown[0]!r}", expected="all endpoints of the company's own model")
        if self.k < 1 or not 0 < self.power < np.inf:
            raise ConfigError(f"k is {self.k} and power {self.power}", expected="1 or more, and a finite number above 0")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of the own model, in its order."""
        return self.own.endpoints

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule with both models and mix the answers."""
        share = nearest_similarity(molecules.bits, self.reference, self.k).astype(np.float64) ** self.power
        is_class = np.array([endpoint.kind == "classification" for endpoint in self.endpoints])
        columns = [self.federated.endpoints.index(endpoint) for endpoint in self.endpoints]
        federated = self.federated.predict(molecules)
        aligned = Prediction(*(getattr(federated, plane)[:, columns] for plane in PLANES))
        return mix_predictions(self.own.predict(molecules), aligned, share, is_class)


def mix_predictions(own: Prediction, federated: Prediction, share: np.ndarray, is_class: np.ndarray) -> Prediction:
    """Return the mixture of two predictions; a share of 1 is `own`, of 0 `federated`, bit by bit.

    What the two disagree about counts as epistemic: the entropy of the mean beyond the mean entropy for probabilities, the variance between
    the two for values.

    Args:
        own: Prediction for `M` molecules and `T` endpoints.
        federated: The same of another model.
        share: Share of `own` in [0, 1], `(M,)`.
        is_class: Which columns are probabilities, `(T,)` bool.
    """
    w = share[:, None]

    def mean_of(plane: str) -> np.ndarray:
        a, b = (np.asarray(getattr(one, plane), dtype=np.float64) for one in (own, federated))
        return np.where(w == 1, a, np.where(w == 0, b, w * a + (1 - w) * b))

    mean = mean_of("mean")
    a, b = (one.mean.astype(np.float64) for one in (own, federated))
    disagreement = np.where(is_class, entropy(mean) - w * entropy(a) - (1 - w) * entropy(b), w * (1 - w) * (a - b) ** 2)
    apart = np.where((w == 0) | (w == 1), 0.0, np.maximum(disagreement, 0.0))
    return as_prediction(mean, mean_of("epistemic") + apart, mean_of("aleatoric"))
