"""A student of experts: one additive head per teacher, combined for each molecule by who has evidence about its substructures."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.models.additive import CHUNK, normal_prediction
from fluid.models.experts_spec import ExpertsSpec
from fluid.models.familiarity import familiarity, shares_of
from fluid.models.prediction import Prediction, join_predictions
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.substructures import Dictionary

ARRAYS = ("weights", "bias", "counts", "noise", "product_weights", "product_bias", "product_variance", "temperature")
"""What is learnt."""


class Heads(NamedTuple):
    """What `K` experts say of `M` molecules, `(K, M, T)` each.

    Attributes:
        score: Log-odds of a class, or value.
        familiar: How well each knows each molecule, 0 where it does not answer the endpoint.
        noise: Variance of values around the score; means nothing for classes.
    """

    score: np.ndarray
    familiar: np.ndarray
    noise: np.ndarray


@dataclass(frozen=True, eq=False)
class ExpertsPredictor:
    """`K` additive experts, and the product of them; a `Predictor`.

    The score of a molecule is `s · product + (1 − s) · gate`: the product of experts is one additive model of what all know of each
    substructure, the gate is `Σ_k g_k z_k` with shares `g_k ∝ familiarity_k ^ β`. Both say log-odds, or values.

    Attributes:
        teachers: Names of the `K` teachers.
        endpoints: The `T` endpoints.
        answered: Which teacher answers which endpoint `(K, T)` bool.
        dictionary: The public list of substructures.
        weights: Of each head `(K, T, D)` float32; 0 where it does not answer.
        bias: `(K, T)` float32.
        counts: Released evidence `(K, T, D)` float32, 0 where it does not answer.
        noise: Variance of values around each head's score `(K, T)` float32.
        product_weights: `(T, D)` float32.
        product_bias: `(T,)` float32.
        product_variance: Of each of its weights `(T, D)` float32.
        temperature: By which the score of classes is divided `(T,)` float32; 1 for values.
        spec: Settings.

    Raises:
        ShapeError: Shapes or types disagree.
        ConfigError: An endpoint is answered by nobody, or two teachers have one name.
    """

    kind: ClassVar[str] = "experts"
    teachers: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    answered: np.ndarray
    dictionary: Dictionary
    weights: np.ndarray
    bias: np.ndarray
    counts: np.ndarray
    noise: np.ndarray
    product_weights: np.ndarray
    product_bias: np.ndarray
    product_variance: np.ndarray
    temperature: np.ndarray
    spec: ExpertsSpec

    def __post_init__(self) -> None:
        """Check that everything fits."""
        k, t, d = len(self.teachers), len(self.endpoints), self.dictionary.n_bits
        shapes = {"weights": (k, t, d), "counts": (k, t, d), "bias": (k, t), "noise": (k, t), "product_weights": (t, d)}
        shapes |= {"product_variance": (t, d), "product_bias": (t,), "temperature": (t,)}
        for name, shape in shapes.items():
            plane = getattr(self, name)
            if plane.shape != shape or plane.dtype != np.float32:
                raise ShapeError(f"{name} has shape {plane.shape} and type {plane.dtype}", expected=f"float32 {shape}")
        if self.answered.shape != (k, t) or self.answered.dtype != bool:
            raise ShapeError(f"answered has shape {self.answered.shape} and type {self.answered.dtype}", expected=f"bool {(k, t)}")
        for place, endpoint in enumerate(self.endpoints):
            if not self.answered[:, place].any():
                raise ConfigError(f"no teacher answers endpoint {endpoint.name!r}", expected="at least one expert")
        if len(set(self.teachers)) != k:
            raise ConfigError(f"teachers are {', '.join(self.teachers)}", expected="different names")

    @cached_property
    def is_class(self) -> np.ndarray:
        """Which endpoints are classes, `(T,)` bool."""
        return np.array([endpoint.kind == "classification" for endpoint in self.endpoints])

    def place_of(self, company: str) -> int:
        """Return the place of a company's expert; the next one, where it has none."""
        return self.teachers.index(company) if company in self.teachers else len(self.teachers)

    def features(self, molecules: MoleculeSet) -> csr_matrix:
        """Return what the experts read of molecules."""
        return self.dictionary.features(molecules)

    def heads(self, features: csr_matrix) -> Heads:
        """Return what each expert says of molecules of which the features are known."""
        shape = (features.shape[0], len(self.teachers), len(self.endpoints))
        flat = features @ self.weights.reshape(-1, features.shape[1]).T.astype(np.float64)
        score = (flat.reshape(shape) + self.bias).transpose(1, 0, 2)
        known = familiarity(features, self.counts.reshape(-1, features.shape[1]), self.spec.floor).reshape(shape).transpose(1, 0, 2)
        return Heads(score, known * self.answered[:, None], np.broadcast_to(self.noise[:, None], score.shape))

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by all experts.

        The epistemic part is that of a normal score: its variance is the product's, by the diagonal, and what the experts disagree about.
        """
        parts = (self.features(chunk) for chunk in molecules.chunks(CHUNK))
        return join_predictions([self.combine(features, self.heads(features)) for features in parts], len(self.endpoints))

    def combine(self, features: csr_matrix, heads: Heads) -> Prediction:
        """Return the answer of the product and the gate of some heads, which may be others than its own.

        Args:
            features: What the experts read of the molecules.
            heads: What each expert says.
        """
        share = shares_of(heads.familiar, self.spec.sharpness)
        gate, noise = (share * heads.score).sum(axis=0), (share * heads.noise).sum(axis=0)
        apart = (share * (heads.score - gate) ** 2).sum(axis=0)
        product = features @ self.product_weights.T.astype(np.float64) + self.product_bias
        doubt = features.power(2) @ self.product_variance.T.astype(np.float64)
        part = self.spec.product
        score = (part * product + (1 - part) * gate) / self.temperature
        return normal_prediction(self.is_class, score, (part * doubt + (1 - part) * apart) / self.temperature**2, noise)
