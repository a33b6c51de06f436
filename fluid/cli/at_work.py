"""What every verb works with: the store, a runner with progress, and the last line, which says where results are."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.cli.compose import Config
from fluid.cli.progress import show_progress
from fluid.molecules.pool import bounded_workers
from fluid.outputs import check_is_folder, check_place
from fluid.pipeline.runner import MakeLogger, Runner, no_logger
from fluid.pipeline.store import ArtifactStore

if TYPE_CHECKING:  # Lightning, whose import takes longer than a prediction
    from fluid.cli.tracking.tracking import Tracker


def store(config: Mapping[str, Any]) -> ArtifactStore:
    """Return the artifact store that the configuration names.

    Raises:
        ConfigError: A file is in its place.
    """
    place = Path(config["paths"]["artifacts"])
    check_is_folder(place, "Choose another folder with paths.artifacts=... or FLUID_STORE.")
    return ArtifactStore(place)


def last_line(what: str, where: Path) -> None:
    """Say where results are."""
    print(f"{what}: {where}")


def track_training(verb: str, config: Mapping[str, Any]) -> "AbstractContextManager[Tracker]":
    """Return what tracks one training, beside its `out` folder, which is sealed.

    Args:
        verb: The verb, with `_` for `-`.
        config: Its configuration.
    """
    from fluid.cli.tracking.loggers import track_run
    from fluid.cli.tracking.tracking import Tracked

    out = Path(config["out"]).absolute()
    logs = out.with_name(out.name + "-logs")
    if config["logger"]["kind"] != "none":
        check_place(logs)
    return track_run(config["logger"], Tracked(verb.replace("_", "-"), out.name, out.name, logs, config))


@contextmanager
def open_runner(config: Config, logger: MakeLogger = no_logger, run: Path | None = None) -> Iterator[Runner]:
    """Yield a runner with progress and loggers; what the `run` needs is kept in the store."""
    place = store(config)
    with show_progress(config.get("trainer", {}).get("progress", True)) as progress, place.used(run):
        yield Runner(place, progress, logger, workers=bounded_workers(config.get("workers", 1)))
