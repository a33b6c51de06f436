"""The W&B run of one training, and all that fluid knows of the insides of W&B and of Lightning's logger for it.

Private names, as they are in wandb 0.31 and lightning 2.6; `PRIVATE` lists them, and a test says which of them is gone:
`wandb.sdk._attach` joins a run that another process began, as nothing public does across processes; `WandbLogger._wandb_init`, `_id`,
`_experiment` and `_attach_id` let a run begin with its training, in whatever process that is; settings of W&B that begin with `x_` change.
"""

import os
import secrets
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import wandb
from lightning.pytorch.loggers import WandbLogger
from lightning.pytorch.utilities import rank_zero_only
from wandb import env
from wandb.sdk import _attach as attach

FLUSH_S = 0.2
PATIENCE_S = 10.0
PRIVATE = {
    "wandb.sdk": ("_attach",),
    "wandb.Settings": ("x_transaction_log_flush_interval", "x_disable_stats", "x_disable_meta", "x_save_requirements", "sync_file"),
    "lightning.pytorch.loggers.WandbLogger": ("_wandb_init", "_id", "_experiment", "_attach_id"),
}


def generate_id() -> str:
    """Return a new number of a run, which the server has not seen."""
    return secrets.token_hex(5)


def quietly(**more: Any) -> wandb.Settings:
    """Return settings of a run that prints nothing and is on disk soon: otherwise whoever is killed early loses the configuration."""
    return wandb.Settings(silent=True, console="off", x_transaction_log_flush_interval=FLUSH_S, **more)


def wait_until_written(run: Any, size: int) -> None:
    """Wait until the file of an open run holds at least some bytes."""
    file, patience = Path(run.settings.sync_file), time.monotonic() + PATIENCE_S
    while not file.is_file() or file.stat().st_size < size:
        if time.monotonic() > patience:
            warnings.warn(f"W&B has not written {file} yet; a killed run may leave no trace of its configuration there.", stacklevel=2)
            return
        time.sleep(FLUSH_S / 10)


class TrainingRun(WandbLogger):
    """The W&B run of one training; it begins with the training and ends with it.

    Args:
        service: How to find the service of the first process.
        marks: Folder of marks of open runs.
        init: What Lightning's logger and `wandb.init` are given.
    """

    def __init__(self, service: str, marks: Path, **init: Any) -> None:
        super().__init__(**init, id=generate_id(), resume=None)
        self._wandb_init.pop("anonymous", None)  # W&B warns of it, Lightning gives it
        self.service, self.mark = service, marks / str(self._id)

    @property
    def experiment(self) -> Any:
        """Return the run, begun if it was not."""
        if self._experiment is None and getattr(rank_zero_only, "rank", 0) == 0 and not hasattr(self, "_attach_id"):
            if self.service:
                os.environ.setdefault(env.SERVICE, self.service)
            self.mark.touch()  # before it begins: from then on it must be ended
        return super().experiment

    def finalize(self, status: str) -> None:
        """End the run, in whatever process this is."""
        if self._experiment is not None:
            super().finalize(status)
            self._experiment.finish(exit_code=0 if status == "success" else 1)
            self.mark.unlink(missing_ok=True)


def end_as_failed(number: str) -> None:
    """End a run that this process, or a worker that is gone, began."""
    with suppress(wandb.Error):  # it was not begun, only about to be
        if (run := attach(number)) is not None:
            run.finish(exit_code=1)
