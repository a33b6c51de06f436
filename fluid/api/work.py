"""Carry out a verb from Python: its configuration, its request, its runner."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from fluid.api.inputs import are_few, as_files
from fluid.api.settings import configuration, refuse_arguments, sets
from fluid.api.shell import SURROUNDINGS, build, groups_of, leave_out, show_progress, store, track_training
from fluid.artifacts import Artifact
from fluid.errors import ConfigError
from fluid.federation.requests import REQUESTS
from fluid.outputs import check_folder
from fluid.pipeline.progress import SilentProgress
from fluid.pipeline.runner import Runner, no_logger
from fluid.pipeline.stage import Stage

NOWHERE = os.devnull
"""`out` of a call whose result goes to the store: lies beside nothing that is read, wherever the caller stands."""
ARGUMENTS = {
    "input": "molecules", "model_folder": "model", "consensus_folder": "consensus",
    "intake.endpoints": "endpoints", "intake.carry": "carry",
}  # fmt: skip
"""Settings that are arguments here, by another name."""


@dataclass(slots=True)
class DoorRunner(Runner):
    """A runner whose results go to the store if the caller named no folder.

    Attributes:
        in_store: Whether they do.
        made: The last result that was made for the caller.
    """

    in_store: bool = False
    made: Artifact | None = None

    def make_at(self, stage: Stage, folder: Path, overwrite: bool = False) -> Artifact:
        """Make the stage's result in the folder, or in the store."""
        self.made = self.make(stage) if self.in_store else Runner.make_at(self, stage, folder, overwrite)
        return self.made


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a verb.

    Attributes:
        verb: The verb, with `_` for `-`.
        molecules: Inputs that hold molecules, by setting: path, `DataFrame` or list.
        given: Other values of settings at the top.
        overrides: Settings as on the command line.
        endpoints: Endpoints to read; `None`: as the settings say.
        out: Folder or file of the result; `None`: the store.
        carry: Columns that go along; `None`: as the settings say.
    """

    verb: str
    molecules: Mapping[str, Any]
    given: Mapping[str, Any]
    overrides: Sequence[str] = ()
    endpoints: Sequence[str] | None = None
    out: Path | None = None
    carry: Sequence[str] | None = None

    def config(self) -> dict[str, Any]:
        """Return the resolved configuration; molecules are named in it but not yet written as files.

        Raises:
            ConfigError: A setting is wrong or an argument, or a logger is asked for and there is no folder to log beside.
        """
        refuse_arguments(self.overrides, self.arguments())
        logs, unset = "logger" in groups_of(self.verb), not sets(self.overrides, "logger")
        overrides = [*(["logger=none"] if logs and unset and self.out is None else []), *self.overrides]
        values = configuration(self.verb, overrides, {**dict.fromkeys(self.molecules, ""), **self.given, "out": str(self.out or NOWHERE)})
        if logs and self.out is None and values["logger"]["kind"] != "none":
            raise ConfigError("a logger writes beside the result", expected="a folder for it", remedy="Add out=...")
        values.get("intake", {}).update({name: list(value) for name, value in self.of_intake().items()})
        if are_few(self.molecules) and not sets(self.overrides, "intake.workers"):
            values["intake"]["workers"] = 0
        return values

    def of_intake(self) -> dict[str, Sequence[str]]:
        """Return the settings of `intake` that are given as arguments."""
        given = {"endpoints": self.endpoints, "carry": self.carry}
        return {name: value for name, value in given.items() if value is not None}

    def arguments(self) -> dict[str, str]:
        """Return what the call has as arguments, by setting: molecules, `out`, the company, a folder, endpoints, what goes along."""
        names = (*self.molecules, *self.given, "out", *(f"intake.{name}" for name in self.of_intake()))
        return {name: ARGUMENTS.get(name, name) for name in names}

    @contextmanager
    def request(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield the verb's typed request and its configuration; molecules that are no files are written for the time of the block."""
        config = self.config()
        intake = config.get("intake", {})
        with as_files(self.molecules, intake.get("smiles_column", ""), intake.get("carry", ())) as files:
            config |= files
            yield build(REQUESTS[self.verb], leave_out(config, *SURROUNDINGS)), config


def make(call: Call) -> Path:
    """Carry out a verb that makes a folder; returns the folder."""
    from fluid.federation import consortium

    step: Callable[[Any, Runner], Any] = getattr(consortium, call.verb)
    with call.request() as (request, config):
        if call.out is not None:
            check_folder(call.out, request.overwrite)
        with runner_for(call, config) as runner:
            step(request, runner)
            made = runner.made
    if made is None:
        raise ConfigError(f"{call.verb} made nothing")
    return made.folder.resolve()


@contextmanager
def runner_for(call: Call, config: Mapping[str, Any]) -> Iterator[DoorRunner]:
    """Yield a runner as the command line has it; a training with a folder of its own is logged beside it."""
    place = store(config)
    with ExitStack() as stack:
        logger = stack.enter_context(track_training(call.verb, config)) if "logger" in config and call.out else no_logger
        progress = stack.enter_context(show_progress(config.get("trainer", {}).get("progress", True)))
        stack.enter_context(place.used())
        yield DoorRunner(place, progress, logger, in_store=call.out is None)


def answer(call: Call) -> tuple[pa.Field, ...]:
    """Carry out `predict`, whose result is a file; returns names and types of what goes along."""
    from fluid.federation.predict import predict_file

    with call.request() as (request, _):
        return predict_file(request, SilentProgress()).carried
