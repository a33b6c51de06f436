"""Experts and a network that learnt the consensus, as one student: the network knows patterns, the experts each substructure."""

from dataclasses import dataclass
from typing import ClassVar

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.ensemble import GraphEnsemble
from fluid.models.experts import ExpertsPredictor
from fluid.models.own_expert import OwnExpert
from fluid.models.prediction import Prediction
from fluid.models.wide_deep import mean_of_scores
from fluid.molecules.molecule_set import MoleculeSet


@dataclass(frozen=True, eq=False)
class WideExperts:
    """`s z_network + (1 − s) z_experts`, of log-odds or of values; a `Predictor`.

    Attributes:
        network: The network.
        experts: A student of experts, or a company's own expert among them; it answers the same endpoints.
        share: Share `s` of the network.

    Raises:
        ConfigError: The parts answer different endpoints, or the share is out of range.
    """

    kind: ClassVar[str] = "wide_experts"
    network: GraphEnsemble
    experts: ExpertsPredictor | OwnExpert
    share: float

    def __post_init__(self) -> None:
        """Check that both parts fit together."""
        if self.network.endpoints != self.experts.endpoints:
            said = (", ".join(endpoint.name for endpoint in part.endpoints) for part in (self.network, self.experts))
            raise ConfigError("the network answers {}, the experts {}".format(*said), expected="the same endpoints")
        if not 0 <= self.share <= 1:
            raise ConfigError(f"the network's share is {self.share}", expected="a share in [0, 1]")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of both parts."""
        return self.network.endpoints

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by both parts, in their shares."""
        return mean_of_scores(self.endpoints, self.network.predict(molecules), self.experts.predict(molecules), self.share)
