"""All that this interface shares with the command line: settings, progress, logs and the whole run."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.cli.aside import quoted, resolved
from fluid.cli.build import build
from fluid.cli.failures import OUT_OF_MEMORY
from fluid.cli.help import groups_of
from fluid.cli.progress import showing_progress
from fluid.cli.specs import SURROUNDINGS, without
from fluid.cli.suggest import check_known

if TYPE_CHECKING:  # Lightning, whose import takes longer than a prediction
    from fluid.cli.tracking.tracking import Tracker

__all__ = [
    "OUT_OF_MEMORY",
    "SURROUNDINGS",
    "build",
    "check_known",
    "groups_of",
    "quoted",
    "resolved",
    "run_whole",
    "showing_progress",
    "tracked",
    "without",
]


def tracked(verb: str, config: Mapping[str, Any]) -> "AbstractContextManager[Tracker]":
    """Return what tracks one training, beside its `out` folder, which is sealed."""
    from fluid.cli.tracking.loggers import tracking
    from fluid.cli.tracking.tracking import Tracked

    out = Path(config["out"])
    return tracking(config["logger"], Tracked(verb.replace("_", "-"), out.name, out.name, out.with_name(out.name + "-logs"), config))


def run_whole(config: dict[str, Any], overrides: Sequence[str]) -> Path:
    """Run a whole federation, as `fluid simulate` does; returns the run's folder."""
    from fluid.cli.simulate import command_of, run_folder, run_simulate

    run_simulate(config, command_of(overrides))
    return run_folder(config)
