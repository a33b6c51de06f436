"""Fit one network with Lightning, quietly, reproducibly, with best weights restored."""

import logging
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, cast

import torch
from lightning.fabric.plugins.environments.lightning import LightningEnvironment
from lightning.fabric.utilities.warnings import PossibleUserWarning
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import EarlyStopping
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from fluid.artifacts import hash_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.network import Network
from fluid.seeding import derive_seed, isolate
from fluid.threads import threads
from fluid.training.callbacks import BestWeights, ReportProgress
from fluid.training.checkpoint import Checkpoint, finished_state, read_state, write_state
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint, curve_points
from fluid.training.loader import ExampleLoader, Examples
from fluid.training.module import MONITOR, MakeModule, NetworkModule

Report = Callable[[float], None]


@contextmanager
def silence_lightning() -> Iterator[None]:
    """Silence Lightning's banners, its advice that may not apply, and its call of a torch name that is to be renamed."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric", "lightning.pytorch.utilities.rank_zero")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=PossibleUserWarning)  # GPU not used, no validation, ...
            warnings.filterwarnings("ignore", message="Experiment logs directory .* exists", category=UserWarning)  # a second run
            warnings.filterwarnings("ignore", message=".*train_dataloader yielded None")  # batches before a checkpoint
            warnings.filterwarnings("ignore", message="Detected call of `lr_scheduler.step", category=UserWarning)  # likewise
            warnings.filterwarnings("ignore", message=".*LeafSpec.*is deprecated", category=FutureWarning, module="lightning")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextmanager
def allow_interrupts() -> Iterator[None]:
    """Raise `KeyboardInterrupt` on Ctrl-C and SIGTERM, where Lightning would end the process, after SIGTERM as if all were well."""
    handler = signal.getsignal(signal.SIGINT)
    try:
        yield
    except SIGTERMException as end:
        raise KeyboardInterrupt from end
    except SystemExit as end:
        if not isinstance(end.__context__, KeyboardInterrupt):
            raise
        signal.signal(signal.SIGINT, handler)
        raise end.__context__ from None


def check_devices(spec: TrainerSpec) -> None:
    """Refuse GPUs that are not there.

    Raises:
        ConfigError: The settings ask for more GPUs than torch finds.
    """
    found = torch.cuda.device_count()
    if spec.accelerator == "gpu" and found < spec.devices:
        raise ConfigError(f"trainer asks for {spec.devices} GPU, torch finds {found}", remedy="Use trainer=cpu, or fewer trainer.devices.")


def make_trainer(
    config: TrainingConfig, spec: TrainerSpec, callbacks: Sequence[Callback], logger: Logger | None, validate: bool
) -> Trainer:
    """Return a Lightning trainer that writes nothing by itself."""
    return Trainer(
        max_epochs=config.epochs,
        accelerator=spec.accelerator,
        devices=spec.devices,
        strategy=spec.strategy,
        plugins=[LightningEnvironment()],  # also within a batch system: signals and restarts are not Lightning's business
        precision=cast(Any, spec.precision),  # one of Lightning's names, as the settings check
        callbacks=list(callbacks),
        logger=logger or False,
        limit_val_batches=None if validate else 0,
        log_every_n_steps=10**9,  # losses are logged per epoch, in `NetworkModule`
        num_sanity_val_steps=0,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        inference_mode=True,
    )


class Fit(NamedTuple):
    """What decides what a network learns.

    Attributes:
        network: The network; it is trained in place.
        make_module: Makes the module (a teacher's or a student's).
        endpoints: Its endpoints.
        train: What it learns from.
        validation: What decides when to stop; may be empty, then the last weights stay.
        config: How.
        trainer: On what.
        seed: Seed of the order and dropout streams.
    """

    network: Network
    make_module: MakeModule
    endpoints: Sequence[Endpoint]
    train: Examples
    validation: Examples
    config: TrainingConfig
    trainer: TrainerSpec
    seed: int

    def digest(self) -> str:
        """Return what a checkpoint must be of to go on from it."""
        said = {"config": self.config, "seed": self.seed, "network": self.network.spec, "precision": self.trainer.precision}
        return hash_json({**said, "molecules": len(self.train)})


def fit_network(
    fit: Fit, logger: Logger | None = None, report: Report | None = None, checkpoint: Path | None = None
) -> tuple[CurvePoint, ...]:
    """Train a network in place and return its learning curve; goes on from a checkpoint of the same training if there is one.

    On return the network holds the weights of the best validation epoch.

    Args:
        fit: What learns from what, and how.
        logger: A Lightning logger, or none.
        report: Called with the share of epochs done.
        checkpoint: File to keep checkpoints in, and in the end the result; or none. Not used on several devices.

    Raises:
        ConfigError: The settings ask for GPUs that are not there.
    """
    network, config, spec = fit.network, fit.config, fit.trainer
    check_devices(spec)
    validate = len(fit.validation) > 0
    module, train_loader, held_out = prepare_training(fit)
    of = fit.digest()
    kept = checkpoint if spec.devices == 1 else None
    state = read_state(kept, of) if kept else None
    if state and state.values["finished"]:
        network.load_state_dict(state.part("network"))
        return curve_points(state.part("module")["curve"])
    callbacks: list[Callback] = [ReportProgress(report)] if report and "spawn" not in spec.strategy else []  # none across processes
    best, stopping = (BestWeights(), EarlyStopping(MONITOR, patience=config.patience)) if validate else (None, None)
    callbacks += [best, stopping] if best and stopping else []
    keeper = Checkpoint(kept, of, spec.checkpoint_s, train_loader, stopping, best) if kept else None
    with silence_lightning(), threads(spec.threads_for(config)), isolate(derive_seed(fit.seed, "dropout")):
        trainer = make_trainer(config, spec, [*callbacks, keeper] if keeper else callbacks, logger, validate)
        if keeper and state:
            keeper.resume(state, trainer, module)
        with allow_interrupts():
            trainer.fit(module, train_loader, held_out if validate else None)
    if kept:
        write_state(kept, finished_state(of, module))
    return curve_points(module.curve)


def prepare_training(fit: Fit) -> tuple[NetworkModule, ExampleLoader, ExampleLoader]:
    """Return the module, and the loaders of training and validation batches."""
    config, spec = fit.config, fit.trainer
    device = torch.device("cuda", 0) if spec.accelerator == "gpu" and spec.devices == 1 else torch.device("cpu")
    encoder = fit.network.environment_encoder if config.environments and spec.accelerator != "gpu" else None
    environments = encoder.environments if encoder else None
    loader = ExampleLoader(fit.train, config.batch_size, fit.seed, device, environments)
    held_out = ExampleLoader(fit.validation, 4 * config.batch_size, None, device, environments)
    module = fit.make_module(fit.network, fit.endpoints, config, config.epochs * len(loader) // max(1, spec.devices))
    return module, loader, held_out
