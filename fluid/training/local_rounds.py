"""A training in local rounds of some epochs, between which the weights may be replaced: a company's share of a federated training.

Everything but the weights goes on from round to round as if there had been no break: the optimiser's moments, the schedule over all epochs,
the order of the molecules and the dropout stream. So rounds whose weights are left alone are, bit by bit, one training without early
stopping.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer

from fluid.artifacts import hash_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.network import Network
from fluid.seeding import derive_seed, isolate
from fluid.threads import threads
from fluid.training.checkpoint import Checkpoint, State, Tensors, prefix, read_state, write_state
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.fit import Fit, allow_interrupts, check_devices, make_trainer, prepare_training, silence_lightning
from fluid.training.loader import ExampleLoader, Examples
from fluid.training.module import MakeModule, NetworkModule


class RoundEnd(Checkpoint):
    """Begin where an earlier local round ended, and keep where this one ends.

    Args:
        loader: The training batches.
    """

    def __init__(self, loader: ExampleLoader) -> None:
        super().__init__(Path(), "", math.inf, loader, None, None)
        self.end: State | None = None

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        """Keep the state before the first batch of the next local round."""
        state = self.state(trainer, pl_module, 0)
        self.end = State(state.values, {name: tensor.clone() for name, tensor in state.tensors.items()})


class LocalRounds:
    """One network's training on one company's examples, local round by local round.

    Args:
        network: What is trained; between local rounds its weights may be replaced.
        make_module: Makes the Lightning module of the network.
        endpoints: Its endpoints.
        train: What it learns from.
        held_out: What its weights are validated on; may be empty.
        config: How; `epochs` are those of all local rounds together. There is no early stopping.
        spec: On what.
        seed: Seed of the order and dropout streams.

    Raises:
        ConfigError: The settings ask for several devices, or for GPUs that are not there.
    """

    def __init__(
        self,
        network: Network,
        make_module: MakeModule,
        endpoints: Sequence[Endpoint],
        train: Examples,
        held_out: Examples,
        config: TrainingConfig,
        spec: TrainerSpec,
        seed: int,
    ) -> None:
        check_devices(spec)
        if spec.devices != 1:
            raise ConfigError(f"a federated training runs on 1 device, not {spec.devices}", remedy="Set trainer.devices=1.")
        self.network, self.config, self.spec, self.seed = network, config, spec, seed
        _, self.loader, self.held_out = prepare_training(Fit(network, NetworkModule, endpoints, train, held_out, config, spec, seed))
        self.module = make_module(network, endpoints, config, config.epochs * len(self.loader))
        self.examples, self.validation_examples = len(train), len(held_out)
        self.state: State | None = None

    def run(self, until: int, kept: Path | None = None) -> None:
        """Train from where the last local round ended to the end of epoch number `until`.

        Args:
            until: Epochs of all local rounds so far, this one included.
            kept: File to keep the end of the local round in; if it holds one already, nothing is trained.

        Raises:
            ConfigError: The local round has no epoch or no batch.
        """
        done = self.state.values["epoch"] if self.state else 0
        if until <= done:
            raise ConfigError(f"a local round until epoch {until} follows one until epoch {done}", expected="a later epoch")
        of = hash_json({"config": self.config, "seed": self.seed, "until": until, "network": self.network.spec})
        found = read_state(kept, of) if kept else None
        if found is None:
            found = self._train(until)
            found = State({**found.values, "of": of}, found.tensors)
            if kept:
                write_state(kept, found)
        self.network.load_state_dict(found.part("network"))
        self.module.curve.copy_(found.part("module")["curve"])
        self.state = found

    def _train(self, until: int) -> State:
        end = RoundEnd(self.loader)
        self.module.train()
        with silence_lightning(), threads(self.spec.threads_for(self.config)), isolate(derive_seed(self.seed, "dropout")):
            trainer = make_trainer(replace(self.config, epochs=until), self.spec, [end], None, validate=False)
            if self.state is not None:
                end.resume(self._with_weights(self.state), trainer, self.module)
            with allow_interrupts():
                trainer.fit(self.module, self.loader)
        if end.end is None:
            raise ConfigError("a local round has no batch", expected="at least one molecule to train on")
        return end.end

    def _with_weights(self, state: State) -> State:
        """Return a state with the network's weights of now."""
        others = {name: tensor for name, tensor in state.tensors.items() if not name.startswith("network/")}
        return State(state.values, others | prefix("network", self.network.state_dict()))

    def weights(self) -> Tensors:
        """Return a copy of the network's weights and buffers, on the CPU."""
        return {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    def validation_loss(self) -> float:
        """Return the mean loss of the weights of now on the held-out examples, as training's validation does; NaN if there are none.

        It is computed in the weights' own precision, also where training is in a mixed one.
        """
        losses, sizes = [], []
        self.module.to(self.held_out.target.device).eval()  # Lightning leaves the module on the CPU
        with torch.inference_mode(), threads(self.spec.threads_for(self.config)):
            for batch in self.held_out:
                if batch is not None:
                    said = self.network(batch.graph)
                    losses.append(self.module.objective(said, batch.target, batch.weight, censored=batch.censored))
                    sizes.append(len(batch.target))
        if not losses:
            return math.nan
        size = torch.tensor(sizes, device=losses[0].device)
        return float((torch.stack(losses) * size).sum() / size.sum())
