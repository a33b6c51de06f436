"""A student with one head per teacher and predicted domain scores: what each teacher knows stays apart until a molecule is asked about."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from fluid.data.endpoints import Endpoint
from fluid.distillation.gated import Gated, combine_heads, gate_shares
from fluid.errors import ConfigError, ShapeError
from fluid.models.ensemble import GraphEnsemble
from fluid.models.network import Network
from fluid.models.prediction import PLANES, Prediction, as_prediction
from fluid.molecules.molecule_set import MoleculeSet
from fluid.ranges import require_not_negative


@dataclass(frozen=True, slots=True)
class HeadsSpec:
    """How heads are learnt, and how they answer together.

    Attributes:
        power: A head weighs its predicted domain score to this power; 0: all alike.
        domain_weight: Weight of the loss of domain scores beside that of answers.
    """

    power: float = 8.0
    domain_weight: float = 1.0

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A value is out of range.
        """
        require_not_negative(self, "distillation.heads", "power", "domain_weight")


def head_endpoints(endpoints: Sequence[Endpoint], answered: np.ndarray) -> tuple[Endpoint, ...]:
    """Return the columns of the network: `<endpoint>@<k>` for the answers of teacher `k`, then `@<k>` for the domain score of each.

    Teachers are counted from 1: their names may hold characters that no column can have.

    Args:
        endpoints: The `T` endpoints.
        answered: Which teacher answers which endpoint, `(K, T)` bool.
    """
    answers = [Endpoint(f"{endpoints[t].name}@{k + 1}", endpoints[t].kind, endpoints[t].unit) for k, t in np.argwhere(answered)]
    return (*answers, *(Endpoint(f"@{k + 1}") for k in range(len(answered))))


@dataclass(frozen=True, eq=False)
class HeadsPredictor:
    """One head per teacher and endpoint, gated by predicted domain scores; a `Predictor`.

    `p = Σ_k s_k^a p_k / Σ_k s_k^a` over the teachers that answer the endpoint, with their predicted answers `p_k` and domain scores `s_k`.

    Attributes:
        network: Answers the columns of `head_endpoints`.
        teachers: Names of the `K` teachers.
        endpoints: The `T` endpoints.
        answered: Which teacher answers which endpoint, `(K, T)` bool.
        power: Sharpness `a` of the gate.

    Raises:
        ConfigError: The network has other columns, nobody answers an endpoint, two teachers have one name, or the power is out of range.
        ShapeError: `answered` is not `(K, T)` bool.
    """

    kind: ClassVar[str] = "heads"
    network: GraphEnsemble
    teachers: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    answered: np.ndarray
    power: float

    def __post_init__(self) -> None:
        """Check that network, teachers and endpoints fit."""
        HeadsSpec(self.power)
        shape = (len(self.teachers), len(self.endpoints))
        if self.answered.shape != shape or self.answered.dtype != bool:
            raise ShapeError(f"answered has shape {self.answered.shape} and type {self.answered.dtype}", expected=f"bool {shape}")
        for t, endpoint in enumerate(self.endpoints):
            if not self.answered[:, t].any():
                raise ConfigError(f"no teacher answers endpoint {endpoint.name!r}", expected="at least one head")
        if len(set(self.teachers)) != len(self.teachers):
            raise ConfigError(f"teachers are {', '.join(self.teachers)}", expected="different names")
        if self.network.endpoints != head_endpoints(self.endpoints, self.answered):
            said = ", ".join(endpoint.name for endpoint in self.network.endpoints)
            raise ConfigError(f"the network has the columns {said}", expected="one per head, and one domain score per teacher")

    @property
    def networks(self) -> tuple[Network, ...]:
        """The networks whose heads these are."""
        return self.network.networks

    @property
    def is_class(self) -> torch.Tensor:
        """Which endpoints are classes, `(T,)` bool."""
        return torch.tensor([endpoint.kind == "classification" for endpoint in self.endpoints])

    def heads(self, molecules: MoleculeSet) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return mean, epistemic and aleatoric part of every head `(K, M, T)`, NaN where there is none, and domain scores `(K, M)`."""
        said = self.network.predict(molecules)
        mean, epistemic, aleatoric = (self._by_teacher(getattr(said, plane)) for plane in PLANES)
        return mean, epistemic, aleatoric, torch.from_numpy(said.mean[:, int(self.answered.sum()) :].T.astype(np.float64))

    def _by_teacher(self, plane: np.ndarray) -> torch.Tensor:
        spread = np.full((len(self.teachers), len(plane), len(self.endpoints)), np.nan)
        for column, (k, t) in enumerate(np.argwhere(self.answered)):
            spread[k, :, t] = plane[:, column]
        return torch.from_numpy(spread)

    def shares(self, molecules: MoleculeSet) -> np.ndarray:
        """Return the share of each head in each answer, `(K, M, T)`."""
        mean, _, _, domain = self.heads(molecules)
        shares: np.ndarray = gate_shares(mean, domain, self.power).numpy()
        return shares

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by all heads, in their shares."""
        mean, epistemic, aleatoric, domain = self.heads(molecules)
        answer: Gated = combine_heads(mean, epistemic, aleatoric, domain, self.is_class, self.power)
        return as_prediction(*(plane.numpy() for plane in answer))
