"""A graph network and an additive model as one: the network knows patterns, the additive model each substructure by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from scipy.special import expit

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.models.additive import AdditivePredictor
from fluid.models.blend import mixture
from fluid.models.ensemble import GraphEnsemble, predict_together
from fluid.models.joint import JointEnsemble
from fluid.models.prediction import Prediction, as_prediction, entropy
from fluid.models.scores import SMALLEST, scores_of
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.threads import Spread


@dataclass(frozen=True, eq=False)
class WideDeepPredictor:
    """`z = (s z_network + (1 − s) z_additive) / temperature` of log-odds, `s y_network + (1 − s) y_additive` of values; a `Predictor`.

    Attributes:
        network: The network, on graphs alone or on graphs and counts.
        additive: The additive model, or its mean with a second network; it answers the same endpoints.
        share: Share `s` of the network.
        temperature: Divides the mean log-odds, `(T,)` float32; 1 for values.

    Raises:
        ConfigError: The parts answer different endpoints, or the share is out of range.
        ShapeError: The temperature is not `(T,)` float32.
    """

    kind: ClassVar[str] = "wide_deep"
    network: GraphEnsemble
    additive: "AdditivePredictor | WideDeepPredictor"
    share: float
    temperature: np.ndarray

    def __post_init__(self) -> None:
        """Check that both parts fit together."""
        if self.network.endpoints != self.additive.endpoints:
            said = (", ".join(endpoint.name for endpoint in part.endpoints) for part in (self.network, self.additive))
            raise ConfigError("the network answers {}, the additive model {}".format(*said), expected="the same endpoints")
        if self.temperature.shape != (len(self.endpoints),) or self.temperature.dtype != np.float32:
            shape = f"shape {self.temperature.shape} and type {self.temperature.dtype}"
            raise ShapeError(f"temperature has {shape}", expected=f"float32 ({len(self.endpoints)},)")
        if not 0 <= self.share <= 1:
            raise ConfigError(f"the network's share is {self.share}", expected="a share in [0, 1]")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of both parts."""
        return self.network.endpoints

    @property
    def spec(self) -> WideDeepSpec:
        """The settings by which it can be made anew."""
        if isinstance(self.additive, WideDeepPredictor):
            return replace(self.additive.spec, combine="both_networks", share=2 * self.share)
        if isinstance(self.network, JointEnsemble):
            return replace(self.network.spec, combine="fingerprint_mean", share=self.share)
        return WideDeepSpec(self.network.networks[0].spec, self.additive.spec, combine="mean", share=self.share)

    def with_temperature(self, temperature: np.ndarray) -> "WideDeepPredictor":
        """Return the model with other temperatures."""
        return replace(self, temperature=temperature)

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by both parts, in their shares."""
        return self.combined(self.network.predict(molecules), self.additive.predict(molecules))

    def combined(self, network: Prediction, additive: Prediction) -> Prediction:
        """Return the common answer to what the parts say of the same molecules."""
        return mean_of_scores(self.endpoints, network, additive, self.share, self.temperature)


def mean_of_scores(
    endpoints: Sequence[Endpoint], first: Prediction, second: Prediction, share: float, temperature: np.ndarray | float = 1.0
) -> Prediction:
    """Return the mean of two answers to the same molecules, of log-odds of classes and of values, with the share of the first.

    What the two disagree about is epistemic. Classes: of the entropy of the answer, the epistemic part is the share that it has in the
    entropy of the mixture of both. Values: the law of total variance.

    Args:
        endpoints: The `T` endpoints of both.
        first: What one says.
        second: What the other says.
        share: Share of the first in [0, 1].
        temperature: By which the mean log-odds are divided, `(T,)`.
    """
    mixed = mixture(tuple(endpoints), first, second, np.full(first.mean.shape, share))
    score = share * scores_of(first.mean, endpoints) + (1 - share) * scores_of(second.mean, endpoints)
    probs = expit(score / temperature)
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    total = np.maximum(mixed.epistemic.astype(np.float64) + mixed.aleatoric, SMALLEST)
    scale = np.where(is_class, entropy(probs) / total, 1.0)
    return as_prediction(np.where(is_class, probs, score), scale * mixed.epistemic, scale * mixed.aleatoric)


def predict_wide_deep(models: Sequence[WideDeepPredictor], molecules: MoleculeSet, spread: Spread = map) -> list[Prediction]:
    """Answer molecules with several models, of which the networks share batches."""
    said = predict_together([model.network for model in models], molecules, spread)
    return [model.combined(network, model.additive.predict(molecules)) for model, network in zip(models, said, strict=True)]
