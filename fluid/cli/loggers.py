"""Lightning loggers by configuration: CSV, TensorBoard, Weights & Biases, or none. A run is always closed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from lightning.pytorch.loggers import CSVLogger, Logger

from fluid.cli.build import nearest
from fluid.errors import ConfigError

MakeLogger = Callable[[str], Logger | None]


def _csv(settings: Mapping[str, Any], folder: Path, config: Mapping[str, Any], opened: list[Any]) -> MakeLogger:
    return lambda name: CSVLogger(str(folder), name=name, version="")


def _tensorboard(settings: Mapping[str, Any], folder: Path, config: Mapping[str, Any], opened: list[Any]) -> MakeLogger:
    from lightning.pytorch.loggers import TensorBoardLogger

    if find_spec("tensorboard") is None:
        raise ConfigError("logger=tensorboard needs a package that is not installed", remedy="Run: pip install 'fluid[tensorboard]'.")
    return lambda name: TensorBoardLogger(str(folder), name=name, version="")


def _wandb(settings: Mapping[str, Any], folder: Path, config: Mapping[str, Any], opened: list[Any]) -> MakeLogger:
    import wandb
    from lightning.pytorch.loggers import WandbLogger

    folder.mkdir(parents=True, exist_ok=True)

    class ClosingLogger(WandbLogger):
        """Ends its run when the training ends, in whatever process that is."""

        def finalize(self, status: str) -> None:
            super().finalize(status)
            self.experiment.finish(exit_code=0 if status == "success" else 1)

    def make(name: str) -> Logger:
        mode: Literal["offline", "online"] = "offline" if settings["offline"] else "online"
        group = settings.get("group") or folder.parent.name
        run = wandb.init(
            project=settings["project"], name=name, group=group, dir=str(folder), mode=mode, config=dict(config), reinit="finish_previous"
        )
        opened.append(run)
        return ClosingLogger(experiment=run)

    return make


KINDS = {"csv": _csv, "tensorboard": _tensorboard, "wandb": _wandb}


@contextmanager
def loggers(settings: Mapping[str, Any], folder: Path, config: Mapping[str, Any]) -> Iterator[MakeLogger]:
    """Yield a factory of loggers that write into `folder`; what they opened is closed at the end, also after a failure.

    Args:
        settings: The `logger` group of the configuration.
        folder: Where log files go.
        config: The resolved configuration, kept with each tracked run.

    Raises:
        ConfigError: The kind is unknown.
    """
    kind = str(settings.get("kind"))
    if kind == "none":
        yield lambda _: None
        return
    if kind not in KINDS:
        raise ConfigError(f"logger.kind is {kind!r}", remedy=nearest(kind, ["none", *KINDS]))
    opened: list[Any] = []
    try:
        yield KINDS[kind](settings, folder, config, opened)
    except BaseException:
        for run in opened:
            run.finish(exit_code=1)
        opened.clear()
        raise
    finally:
        for run in opened:
            run.finish()
