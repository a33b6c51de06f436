"""What every verb works with: the store, a runner with progress, and the last line, which says where results are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fluid.cli.compose import Config
from fluid.cli.progress import showing_progress
from fluid.molecules.pool import bounded_workers
from fluid.pipeline.runner import MakeLogger, Runner, no_logger
from fluid.pipeline.store import ArtifactStore


def store(config: Config) -> ArtifactStore:
    """Return the artifact store that the configuration names."""
    return ArtifactStore(Path(config["paths"]["artifacts"]))


def last_line(what: str, where: Path) -> None:
    """Say where results are."""
    print(f"{what}: {where}")


@contextmanager
def at_work(config: Config, logger: MakeLogger = no_logger, run: Path | None = None) -> Iterator[Runner]:
    """Yield a runner with progress and loggers; what the `run` needs is kept in the store."""
    place = store(config)
    with showing_progress(config.get("trainer", {}).get("progress", True)) as progress, place.used(run):
        yield Runner(place, progress, logger, workers=bounded_workers(config.get("workers", 1)))
