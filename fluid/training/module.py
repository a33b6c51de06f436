"""Lightning modules of teachers, students and hybrids: a network, an objective and a schedule."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import torch
from lightning.pytorch import LightningModule
from lightning.pytorch.core.optimizer import LightningOptimizer
from torch import Tensor
from torch.optim.lr_scheduler import LRScheduler

from fluid.data.endpoints import Endpoint
from fluid.distillation.loss_spec import LossSpec
from fluid.errors import ConfigError
from fluid.models.network import Network
from fluid.training.config import TrainingConfig
from fluid.training.curve import SPLITS
from fluid.training.loader import LabelledBatch
from fluid.training.objective import HeadsObjective, Objective

MONITOR = "validation/loss"


def warmup_cosine(step: int, total: int, warmup: float) -> float:
    """Return the learning-rate factor of a step: linear warm-up, then half a cosine to zero (arXiv:1608.03983, no restarts)."""
    rising = max(1, round(total * warmup))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - rising) / max(1, total - rising))))


class Seen(NamedTuple):
    """Mean loss of a batch, `()`, and its molecules."""

    loss: Tensor
    size: int


class NetworkModule(LightningModule):
    """Train a `Network` on `LabelledBatch`es; `validation/loss` is the one monitored metric.

    Args:
        network: What is trained.
        endpoints: Its endpoints, in column order.
        config: How it is trained.
        total_steps: Optimiser steps of the whole schedule.

    Attributes:
        curve: Mean loss per epoch on `SPLITS`, `(epochs, 2)`, NaN where there was none; a buffer, so that it comes back
            with the weights from training in other processes.
        seen: Loss and size of each batch of the epoch so far, on `SPLITS`: what Lightning would keep from a `log` per step,
            at a fraction of the cost.
    """

    curve: Tensor

    def __init__(self, network: Network, endpoints: Sequence[Endpoint], config: TrainingConfig, total_steps: int) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.network, self.config, self.total_steps = network, config, total_steps
        self.register_buffer("curve", torch.full((config.epochs, len(SPLITS)), math.nan))
        self.seen: tuple[list[Seen], ...] = tuple([] for _ in SPLITS)
        if config.fine_tuning.frozen:
            network.encoder.requires_grad_(False).eval()
        self.weights = tuple(weight for weight in network.parameters() if weight.requires_grad)
        self.start = tuple(weight.detach().clone() for weight in self.weights) if config.fine_tuning.pull else ()
        self.evidence = network.spec.evidence if network.spec.evidential else None
        self.objective: Objective | HeadsObjective = Objective(endpoints, self.loss_of(config), self.evidence)

    @staticmethod
    def loss_of(config: TrainingConfig) -> LossSpec:
        """Return the losses that this kind of module uses."""
        return config.loss

    def train(self, mode: bool = True) -> "NetworkModule":
        """Switch dropout and batch statistics on or off; a frozen encoder never changes."""
        super().train(mode)
        if self.config.fine_tuning.frozen:
            self.network.encoder.eval()
        return self

    def _loss(self, batch: LabelledBatch, split: int, alpha: float, share: float = 1.0) -> Tensor:
        loss: Tensor = self.objective(self.network(batch.graph), *batch[1:], alpha, share)
        self.seen[split].append(Seen(loss.detach(), len(batch.target)))
        return loss

    def on_train_start(self) -> None:
        """Keep the optimiser and its schedule at hand for `training_step`."""
        self.steppers = cast(LightningOptimizer, self.optimizers()), cast(LRScheduler, self.lr_schedulers())  # there is one of each

    def training_step(self, batch: LabelledBatch, batch_idx: int) -> None:
        """Learn from one batch.

        The module steps the optimiser itself: Lightning's automatic way does the same, with twice the bookkeeping per step.
        """
        optimizer, schedule = self.steppers
        optimizer.zero_grad()
        share = self.evidence.share_at(self.current_epoch) if self.evidence else 1.0
        alpha, penalty = self.config.fine_tuning.alpha_at(self.current_epoch, self.config.epochs), self.penalty()
        loss = self._loss(batch, 0, alpha, share)
        self.manual_backward(loss if penalty is None else loss + penalty)
        self.clip_norm()
        optimizer.step()
        schedule.step()

    def penalty(self) -> Tensor | None:
        """Return what is added to the loss, `()`: `λ/2 ‖w − w₀‖²` if the config pulls, else what the network asks for itself."""
        if not self.config.fine_tuning.pull:
            return self.network.penalty()
        distances = [((weight - start.to(weight.device)) ** 2).sum() for weight, start in zip(self.weights, self.start, strict=True)]
        return 0.5 * self.config.fine_tuning.pull * torch.stack(distances).sum()

    def validation_step(self, batch: LabelledBatch, batch_idx: int) -> None:
        """Add up the validation loss, by measured labels where there are any; without annealing, so that epochs can be compared."""
        self._loss(batch, 1, 1.0)

    def _end_of_epoch(self, split: int) -> None:
        """Record the mean loss per molecule of all ranks in `curve`, and log it."""
        losses, sizes = zip(*self.seen[split], strict=True)
        size = torch.tensor(sizes, device=self.device)
        sums = torch.stack([(torch.stack(losses) * size).sum(), size.sum()])
        total, molecules = self.trainer.strategy.reduce(sums, reduce_op="sum").unbind()
        self.curve[self.current_epoch, split] = total / molecules
        self.seen[split].clear()
        self.log(f"{SPLITS[split]}/loss", self.curve[self.current_epoch, split])

    def on_train_epoch_end(self) -> None:
        """Record the training loss of the epoch."""
        self._end_of_epoch(0)

    def on_validation_epoch_end(self) -> None:
        """Record the validation loss, which decides when to stop."""
        self._end_of_epoch(1)

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        """Return the batch as it is if it was made on the device, as `ExampleLoader` does for a single one, or if it is skipped."""
        made = batch is None or batch.target.device == device
        return batch if made else super().transfer_batch_to_device(batch, device, dataloader_idx)

    def clip_norm(self) -> None:
        """Scale the gradients so that their common norm is at most `config.gradient_clip`."""
        torch.nn.utils.clip_grad_norm_(self.weights, self.config.gradient_clip, foreach=True)

    def configure_optimizers(self) -> Any:
        """Return AdamW with warm-up and cosine decay, stepped per batch; no decay of biases, norms and what has a penalty."""
        config = self.config
        penalised = set(map(id, self.network.penalised))
        decayed = [weight for weight in self.weights if weight.ndim > 1 and id(weight) not in penalised]
        plain = [weight for weight in self.weights if weight.ndim <= 1 or id(weight) in penalised]
        groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": plain, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: warmup_cosine(step, self.total_steps, config.warmup))
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


class TeacherModule(NetworkModule):
    """A company's own model: measured labels are soft labels of 0 and 1, so the loss is the binary cross-entropy."""

    @staticmethod
    def loss_of(config: TrainingConfig) -> LossSpec:
        """Return cross-entropy and Gaussian likelihood, whatever loss the students use."""
        return LossSpec()


class StudentModule(NetworkModule):
    """Learns soft labels with confidence weights, by the loss that the config names."""


class HeadsModule(StudentModule):
    """Learns every teacher's answers and domain scores.

    Args:
        network: What is trained.
        endpoints: Its columns: answers, then the domain scores.
        config: How it is trained.
        total_steps: Optimiser steps of the whole schedule.
        n_domains: How many of the last columns are domain scores.
        domain_weight: Weight of their loss beside that of the answers.

    Raises:
        ConfigError: The network's head is evidential.
    """

    def __init__(
        self,
        network: Network,
        endpoints: Sequence[Endpoint],
        config: TrainingConfig,
        total_steps: int,
        n_domains: int,
        domain_weight: float,
    ) -> None:
        super().__init__(network, endpoints, config, total_steps)
        if network.spec.evidential:
            raise ConfigError("a network of heads learns what teachers said", expected="model.head=plain")
        self.objective = HeadsObjective(endpoints, self.loss_of(config), n_domains, domain_weight)


MakeModule = Callable[[Network, Sequence[Endpoint], TrainingConfig, int], NetworkModule]
"""Makes the module of a network with some endpoints, trained by a config in so many steps."""
