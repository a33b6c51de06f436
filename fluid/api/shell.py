"""All that this interface shares with the command line: settings, progress, logs and the whole run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fluid.cli.aside import resolved
from fluid.cli.at_work import store, track_training
from fluid.cli.build import build
from fluid.cli.failures import lack_of_means
from fluid.cli.help import groups_of
from fluid.cli.inspect import command_of as inspection_command
from fluid.cli.inspect import inspect_request as inspection_request
from fluid.cli.inspect import targets as inspection_targets
from fluid.cli.inspect import write_targets as write_inspection
from fluid.cli.old_words import key_and_value
from fluid.cli.places import as_typed
from fluid.cli.progress import show_progress
from fluid.cli.quoting import exact
from fluid.cli.specs import SURROUNDINGS, leave_out
from fluid.cli.suggest import check_known

__all__ = [
    "as_typed",
    "lack_of_means",
    "SURROUNDINGS",
    "build",
    "check_known",
    "exact",
    "groups_of",
    "inspection_command",
    "inspection_request",
    "inspection_targets",
    "write_inspection",
    "key_and_value",
    "resolved",
    "run_whole",
    "show_progress",
    "store",
    "track_training",
    "leave_out",
]


def run_whole(config: dict[str, Any], overrides: Sequence[str]) -> Path:
    """Run a whole federation, as `fluid simulate` does; returns the run's folder."""
    from fluid.cli.simulate import command_of, run_folder, run_simulate

    run_simulate(config, command_of(overrides))
    return run_folder(config)
