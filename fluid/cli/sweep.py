"""Many runs from one command (`-m`): each in its own folder below the sweep's, all tried, failures listed, done ones not done again."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from fluid.artifacts import hash_json, read_json, write_json
from fluid.cli.compose import composed, with_hydra
from fluid.cli.verbs import command_of, plain_values, run_folder, run_verb
from fluid.errors import ArtifactError, ConfigError, FluidError
from fluid.federation.housekeeping import run_folders
from fluid.federation.run_record import DONE, RECORD, alone, read_record, write_failure

FLAGS = ("-m", "--multirun")
SWEEP = "sweep.json"
SURROUNDING = ("name=", "workers=", "open=", "paths.", "logger", "cost.", "hydra", "launcher", "trainer.progress=")


class SweepFailed(FluidError):
    """Some runs of a sweep did not end well; each was named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep.

    Attributes:
        folder: Where its runs lie.
        settings: The settings that decide results, in order.
        jobs: How many runs there are to be.
    """

    folder: Path
    settings: tuple[str, ...]
    jobs: int


def is_sweep(arguments: Sequence[str]) -> bool:
    """Return whether the arguments ask for many runs."""
    return any(flag in arguments for flag in FLAGS)


def plan(verb: str, arguments: Sequence[str]) -> Plan:
    """Return what a sweep is to do.

    Raises:
        ConfigError: Its name is swept over.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    given = [argument for argument in arguments if "=" in argument and not argument.startswith("-")]
    parsed = OverridesParser.create().parse_overrides(given)
    single = [text for text, override in zip(given, parsed, strict=True) if not override.is_sweep_override()]
    if any(text.startswith("name=") for text in set(given) - set(single)):
        raise ConfigError("name is swept over", expected="one name, that of the whole sweep")
    config = composed(verb, [text for text in single if not text.startswith("hydra.")])
    settings = tuple(sorted(text for text in given if not text.startswith(SURROUNDING)))
    named = [text.removeprefix("name=") for text in single if text.startswith("name=")]
    name = named[0] if named else "sweep-" + hash_json(settings)[:10]
    jobs = prod(len(list(override.sweep_iterator())) for override in parsed if override.is_sweep_override())
    return Plan(Path(config.paths.runs) / name, settings, jobs)


def check_same(folder: Path, settings: tuple[str, ...]) -> None:
    """Refuse a folder that holds another sweep.

    Raises:
        ConfigError: It does.
    """
    try:
        before = read_json(folder / SWEEP)["settings"]
    except ArtifactError:
        return
    if before != list(settings):
        raise ConfigError(
            f"the folder holds another sweep ({shlex.join(before)})",
            where=str(folder),
            remedy="Choose another name=, or remove the folder.",
        )


def job(verb: str, config: DictConfig, overrides: Sequence[str]) -> str:
    """Carry out one run of a sweep; returns why it failed, or nothing. The run's folder has said so too by then."""
    try:
        run_verb(verb, config, overrides)
    except Exception as error:
        record_failure(config, overrides, error)
        print(f"fluid: error: {' '.join(overrides)}: {' '.join(str(error).split())}", file=sys.stderr)
        return str(error) or type(error).__name__
    return ""


def record_failure(config: DictConfig, overrides: Sequence[str], error: Exception) -> None:
    """Leave a record of a run that failed before it had one, as with settings that cannot be built."""
    values = plain_values(config)
    folder = run_folder(values)
    if not (folder / RECORD).is_file():
        write_failure(folder, values, command_of(overrides), error)


def unfinished(folder: Path) -> list[tuple[Path, dict[str, Any]]]:
    """Return folder and record of every run below a folder that is not done."""
    records = [(run, read_record(run)) for run in run_folders(folder)]
    return [(run, record) for run, record in records if record["status"] != DONE]


def tell(wanted: Plan) -> None:
    """Say how many runs are done, and of each other one where it lies, why, and the command that carries it out again.

    Raises:
        SweepFailed: Not all are done.
    """
    counts = Counter(read_record(run)["status"] for run in run_folders(wanted.folder))
    for run, record in unfinished(wanted.folder):
        print(f"{record['status']}: {run}: {record['error']}\n    again: {record['command']}", file=sys.stderr)
    found = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    print(f"sweep of {wanted.jobs} runs: {found or 'none begun'}")
    print(f"sweep: {wanted.folder} (all in one table: fluid collect folder={wanted.folder})")
    missing = wanted.jobs - counts[DONE]
    if missing > 0:
        raise SweepFailed(f"{missing} of {wanted.jobs} runs are not done; the same command goes on with them.")


def run_sweep(verb: str, arguments: Sequence[str]) -> None:
    """Carry out a verb for every combination of the swept settings, by whatever launcher is configured.

    Raises:
        SweepFailed: A run failed; all others were tried.
        ConfigError: The folder holds another sweep, or another process is at work on it.
    """
    if verb != "simulate":
        run_others(verb, arguments)
        return
    wanted = plan(verb, arguments)
    with alone(wanted.folder):
        check_same(wanted.folder, wanted.settings)
        write_json(
            wanted.folder / SWEEP, {"settings": wanted.settings, "jobs": wanted.jobs, "command": shlex.join(["fluid", verb, *arguments])}
        )
        where = [f"sweep={wanted.folder.name}", f"hydra.sweep.dir={wanted.folder}"]
        with_hydra(verb, [*arguments, *where], partial(job, verb))
        tell(wanted)


def run_others(verb: str, arguments: Sequence[str]) -> None:
    """Carry out a verb that has no run folders for every combination; all are tried, then the first failure is raised."""
    failures: list[Exception] = []

    def one(config: DictConfig, overrides: Sequence[str]) -> None:
        try:
            run_verb(verb, config, overrides)
        except Exception as error:
            failures.append(error)

    with_hydra(verb, arguments, one)
    if failures:
        raise failures[0]
