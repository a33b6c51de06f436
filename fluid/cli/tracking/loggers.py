"""Where a run is tracked, by configuration: CSV files, TensorBoard, Weights & Biases, or nowhere. What was opened is always closed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import CSVLogger, Logger, TensorBoardLogger

from fluid.cli.tracking.tracking import Tracked, Tracker, Untracked, summary
from fluid.errors import ConfigError
from fluid.registry import nearest
from fluid.reporting.report_data import ReportData
from fluid.training.fit import quiet

FLUSH_S = 5


class CsvLog(CSVLogger):
    """Losses in `metrics.csv`, written after every epoch, and beside them the record of the run in `hparams.yaml`."""

    def __init__(self, folder: Path, name: str, record: Mapping[str, Any]) -> None:
        super().__init__(str(folder), name=name, version="", flush_logs_every_n_steps=1)
        self.record = record

    @property
    def experiment(self) -> Any:
        """Return the writer; when it is made, the record is written first."""
        new, writer = self._experiment is None, super().experiment
        if new:
            writer.log_hparams(dict(self.record))
        return writer


class TensorBoardLog(TensorBoardLogger):
    """Losses as events, and the record of the run, as text and in `hparams.yaml`."""

    def __init__(self, folder: Path, name: str, record: Mapping[str, Any]) -> None:
        super().__init__(str(folder), name=name, version="", default_hp_metric=False, flush_secs=FLUSH_S)
        self.record = record

    @property
    def experiment(self) -> Any:
        """Return the writer; when it is made, the record is written first."""
        new, writer = self._experiment is None, super().experiment
        if new:
            self.hparams.update(self.record)
            writer.add_text("config", "\n".join(f"    {name}: {value}" for name, value in self.record.items()))
            writer.flush()
            Path(self.log_dir, self.NAME_HPARAMS_FILE).unlink(missing_ok=True)  # that of an earlier run
            self.save()
        return writer


class Files(Untracked):
    """Tracks in files below a folder, one folder for each training; Lightning closes them when a training ends, however that is."""

    def __init__(self, tracked: Tracked) -> None:
        self.tracked = tracked

    def __call__(self, name: str, role: str, company: str) -> Logger:
        """Return the logger of one training."""
        return CsvLog(self.tracked.folder, name, self.tracked.record(training=name, role=role, company=company))


class Events(Files):
    """Tracks for TensorBoard: the trainings, and the final scores beside the settings (its tab HPARAMS)."""

    def __call__(self, name: str, role: str, company: str) -> Logger:
        """Return the logger of one training."""
        return TensorBoardLog(self.tracked.folder, name, self.tracked.record(training=name, role=role, company=company))

    def results(self, data: ReportData, run: Path) -> None:
        """Write the final scores."""
        record = self.tracked.record(role="federation")
        with quiet():
            logger = TensorBoardLog(self.tracked.folder, "federation", record)
            logger.log_hyperparams(record, summary(data))
            logger.finalize("success")


def _events(settings: Mapping[str, Any], tracked: Tracked) -> Tracker:
    if find_spec("tensorboard") is None:
        raise ConfigError("logger=tensorboard needs a package that is not installed", remedy="Run: pip install 'fluid[tensorboard]'.")
    return Events(tracked)


def _wandb(settings: Mapping[str, Any], tracked: Tracked) -> Tracker:
    from fluid.cli.tracking.wandb_runs import WandbRuns

    return WandbRuns(settings, tracked)


KINDS: Mapping[str, Callable[[Mapping[str, Any], Tracked], Tracker]] = {
    "none": lambda settings, tracked: Untracked(),
    "csv": lambda settings, tracked: Files(tracked),
    "tensorboard": _events,
    "wandb": _wandb,
}


@contextmanager
def tracking(settings: Mapping[str, Any], tracked: Tracked) -> Iterator[Tracker]:
    """Track a run; what was opened is closed at the end, also after a failure or an interruption, and then as failed.

    Args:
        settings: The `logger` group of the configuration.
        tracked: The run.

    Raises:
        ConfigError: The kind is unknown, or cannot be used here.
    """
    kind = str(settings.get("kind"))
    if kind not in KINDS:
        raise ConfigError(f"logger.kind is {kind!r}", remedy=nearest(kind, list(KINDS)))
    tracker = KINDS[kind](settings, tracked)
    try:
        tracker.begin()
        yield tracker
    except BaseException as error:
        tracker.close(error)
        raise
    tracker.close(None)
