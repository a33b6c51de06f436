"""One run of a sweep, carried out in whatever process a launcher has for it; known by its settings as texts, so that any process can."""

import sys
from collections.abc import Sequence

from omegaconf import DictConfig

from fluid.cli.compose import composed, plain_values
from fluid.cli.simulate import command_of, run_folder
from fluid.cli.verbs import run_verb
from fluid.runs.record import RECORD, write_failure

VERB = "simulate"

Settings = tuple[str, ...]


def carry_out(settings: Sequence[str]) -> bool:
    """Carry out one run of a sweep; returns whether it ended well. The run's folder says so, or why not."""
    config = composed(VERB, settings)
    try:
        run_verb(VERB, config, settings)
    except Exception as error:
        record_failure(config, settings, error)
        print(f"fluid: error: {' '.join(settings)}: {' '.join(str(error).split())}", file=sys.stderr, flush=True)
        return False
    return True


def record_failure(config: DictConfig, settings: Sequence[str], error: Exception) -> None:
    """Leave a record of a run that failed before it had one, as with settings that cannot be built."""
    values = plain_values(config)
    folder = run_folder(values)
    if not (folder / RECORD).is_file():
        write_failure(folder, values, command_of(settings), error)
