"""Callbacks that look on while training goes without changing its loss: best weights, progress."""

from collections.abc import Callable
from typing import Any, cast

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from fluid.training.module import MONITOR, NetworkModule


class BestWeights(Callback):
    """Keep the weights of the epoch with the lowest validation loss and put them back when training ends."""

    def __init__(self) -> None:
        self.best = float("inf")
        self.weights: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Remember the weights if this epoch is the best so far."""
        loss = float(trainer.callback_metrics[MONITOR])
        if loss < self.best:
            self.best = loss
            self.weights = {name: value.detach().clone() for name, value in cast(NetworkModule, pl_module).network.state_dict().items()}

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Put the best weights back."""
        if self.weights:
            cast(NetworkModule, pl_module).network.load_state_dict(self.weights)


class ReportProgress(Callback):
    """Report the share of epochs done after each epoch."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self.report = report

    def on_train_epoch_end(self, trainer: Trainer, *_: Any) -> None:
        """Lightning has run the epoch's validation by now."""
        self.report((trainer.current_epoch + 1) / (trainer.max_epochs or 1))
