"""One company in rounds of weight averaging: its own examples, and the local rounds of its training between the rounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.baselines.own_examples import OwnExamples
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.seeding import derive_seed, isolate
from fluid.training.config import TrainerSpec, TrainingConfig

if TYPE_CHECKING:
    from fluid.training.module import MakeModule

Weights = dict[str, Tensor]
"""Weights of the networks of an ensemble by name, `<member>/<name>`."""


def initial_weights(model: NetworkSpec, endpoints: Sequence[Endpoint], members: int, seed: int, name: str) -> Weights:
    """Return the weights that a teacher of that name starts from."""
    weights: Weights = {}
    for member in range(members):
        with isolate(derive_seed(seed, name, member), "weights"):
            state = Network(model, tuple(endpoints)).state_dict()
        weights |= {f"{member}/{key}": value for key, value in state.items()}
    return weights


def networks_of(model: NetworkSpec, endpoints: Sequence[Endpoint], weights: Mapping[str, Tensor]) -> tuple[Network, ...]:
    """Return the networks with given weights, in evaluation mode."""
    members = sorted({int(key.split("/", 1)[0]) for key in weights})
    networks = []
    for member in members:
        with isolate(0, "overwritten"):
            network = Network(model, tuple(endpoints))
        network.load_state_dict(weights_of_member(weights, member))
        networks.append(network.eval())
    return tuple(networks)


def weights_of_member(weights: Mapping[str, Tensor], member: int) -> Weights:
    """Return the weights of one network, by its own names."""
    prefix = f"{member}/"
    return {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}


def weights_of(networks: Sequence[Network]) -> Weights:
    """Return copies of the weights of an ensemble's networks."""
    return {f"{i}/{key}": value.detach().cpu().clone() for i, network in enumerate(networks) for key, value in network.state_dict().items()}


@dataclass(frozen=True, slots=True)
class LocalTraining:
    """What all companies train, and how.

    Attributes:
        model: The architecture.
        endpoints: The `T` endpoints.
        make_module: Makes the Lightning module.
        config: Of all rounds together.
        trainer: Hardware.
        seed: The experiment's seed.
    """

    model: NetworkSpec
    endpoints: Sequence[Endpoint]
    make_module: "MakeModule"
    config: TrainingConfig
    trainer: TrainerSpec
    seed: int

    def initial_weights(self, name: str) -> Weights:
        """Return the weights that a teacher of that name starts from."""
        return initial_weights(self.model, self.endpoints, self.config.members, self.seed, name)


class Company:
    """A company that trains weights it is given on its own examples.

    Its streams and its validation part are those of its teacher.

    Args:
        name: Its name.
        own: Its examples.
        scaling: Location and scale of the labels, `(T,)` each.
        how: What all companies train, and how.
    """

    def __init__(self, name: str, own: OwnExamples, scaling: tuple[np.ndarray, np.ndarray], how: LocalTraining) -> None:
        from fluid.training.local_rounds import LocalRounds  # Lightning is imported when a training begins

        self.name, self.own = name, own
        train, held_out = (examples.scaled(*scaling) for examples in (own.train, own.held_out))
        networks = networks_of(how.model, how.endpoints, how.initial_weights(name))
        seeds = [derive_seed(how.seed, name, member) for member in range(how.config.members)]
        self.local_rounds = [
            LocalRounds(network, how.make_module, how.endpoints, train, held_out, how.config, how.trainer, seed)
            for network, seed in zip(networks, seeds, strict=True)
        ]

    @property
    def examples(self) -> int:
        """Molecules that it trains on."""
        return len(self.own.train)

    @property
    def validation_examples(self) -> int:
        """Molecules that it validates on."""
        return len(self.own.held_out)

    def take(self, weights: Mapping[str, Tensor]) -> None:
        """Put given weights into its networks."""
        for member, local_rounds in enumerate(self.local_rounds):
            local_rounds.network.load_state_dict(weights_of_member(weights, member))

    def train(self, until: int, scratch: Path | None) -> dict[str, Tensor]:
        """Train to the end of epoch number `until` and return what is sent: weights and number of examples.

        Raises:
            ConfigError: Training diverged.
        """
        for member, local_rounds in enumerate(self.local_rounds):
            local_rounds.run(until, scratch / self.name / f"{until}-{member}" if scratch else None)
        weights = weights_of([local_rounds.network for local_rounds in self.local_rounds])
        if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
            raise ConfigError(
                f"the local training of {self.name} diverged", expected="finite weights", remedy="Lower training.teacher.learning_rate."
            )
        return {**weights, "examples": torch.tensor(self.examples)}

    def train_loss(self, epoch: int) -> float:
        """Return the mean training loss of an epoch."""
        return float(np.mean([float(local_rounds.module.curve[epoch, 0]) for local_rounds in self.local_rounds]))

    def validate(self) -> dict[str, Tensor]:
        """Return what is sent: mean loss of the weights of now on the validation part, and its molecules."""
        loss = float(np.mean([local_rounds.validation_loss() for local_rounds in self.local_rounds]))
        return {"loss": torch.tensor(loss, dtype=torch.float64), "examples": torch.tensor(self.validation_examples)}
