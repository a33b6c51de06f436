"""Many runs from one command (`-m`): each in its own folder below the sweep's, all tried, failures listed, done ones not done again."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.artifacts import hash_json, read_json, write_json
from fluid.cli.compose import compose, plain_values
from fluid.cli.flags import SWEPT
from fluid.cli.old_words import check_settings
from fluid.cli.quoting import literal
from fluid.cli.simulate import command_of, run_folder
from fluid.cli.suggest import check_known
from fluid.cli.sweeps.job import VERB, Settings
from fluid.cli.sweeps.launchers import Jobs, Launcher, launcher_of
from fluid.cli.verbs import run_each
from fluid.errors import ArtifactError, ConfigError, FluidError
from fluid.file_names import check_file_name
from fluid.runs.record import DONE, RECORD, claim_run, read_record

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

SWEEP = "sweep.json"
SURROUNDING = ("name=", "workers=", "open=", "paths.", "logger", "launcher", "cost.", "trainer.progress=")
UNBEGUN = "not begun"
NOT_SWEPT = ("name", "launcher", "sweep")


class SweepFailed(FluidError):
    """Some runs of a sweep did not end well; each was named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A sweep.

    Attributes:
        folder: Where its runs lie.
        settings: The settings that decide results, in order.
        jobs: The settings of every run, by its folder.
        launcher: What carries them out.
    """

    folder: Path
    settings: tuple[str, ...]
    jobs: Jobs
    launcher: Launcher


def group_of(override: "Override") -> str:
    """Return the first word of a setting's key."""
    return str(override.key_or_group).replace("/", ".").split(".")[0]


def parse(arguments: Sequence[str]) -> dict[str, "Override"]:
    """Return the settings of a sweep by their texts.

    Raises:
        ConfigError: A flag is unknown, Hydra itself is set, a range has no end, or a key is swept over that needs one value for the whole
            sweep.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    given = [text for text in arguments if text not in SWEPT]
    if flags := [text for text in given if text.startswith("-")]:
        raise ConfigError(f"a sweep does not know {flags[0]}", expected="settings, key=value")
    overrides = dict(zip(given, OverridesParser.create().parse_overrides(given), strict=True))
    for text, override in overrides.items():
        if group_of(override) == "hydra":
            raise ConfigError(f"a sweep does not use {text}", remedy="Choose with launcher=... where its runs are carried out.")
        if override.is_sweep_override() and not override.is_discrete_sweep():
            raise ConfigError(f"{text} has no end of values", expected="a list of values, or range(...)")
        if override.is_sweep_override() and group_of(override) in NOT_SWEPT:
            raise ConfigError(f"{group_of(override)} is swept over", expected="one value for the whole sweep")
    return overrides


def combinations(overrides: Sequence["Override"]) -> list[Settings]:
    """Return the settings of every run: all combinations of the swept ones, the last varying fastest."""
    values: dict[str, list[str]] = {}
    for override in overrides:
        key = override.get_key_element()
        texts = override.sweep_string_iterator() if override.is_sweep_override() else [override.get_value_element_as_str()]
        values[key] = [key if override.is_delete() and not text else f"{key}={text}" for text in texts]
    return list(product(*values.values()))


def own_sweep(verb: str, settings: Settings) -> list[str]:
    """Return what an experiment sweeps by itself (`hydra.sweeper.params` of its file), but for what the settings give."""
    params = compose(verb, settings, with_own=True).hydra.sweeper.params or {}
    check_settings(verb, (f"{key}={values}" for key, values in params.items()))
    given = {text.split("=", 1)[0].lstrip("+~") for text in settings}
    return [f"{key}={values}" for key, values in params.items() if key not in given]


def all_runs(verb: str, overrides: Sequence["Override"]) -> tuple[list[Settings], list[str]]:
    """Return the settings of every run, and the texts of what experiments among them sweep by themselves."""
    runs: list[Settings] = []
    texts: dict[str, None] = {}
    for each in combinations(overrides):
        own = own_sweep(verb, each)
        texts |= dict.fromkeys(own)
        runs += [(*each, *more) for more in combinations(list(parse(own).values()))]
    return runs, list(texts)


def job_of(verb: str, settings: Settings) -> tuple[Path, Settings]:
    """Return the folder and the settings of a run.

    Raises:
        ConfigError: A key of the settings is in no file of the configuration.
    """
    values = plain_values(compose(verb, settings))
    check_known(verb, values)
    return run_folder(values), settings


def plan(verb: str, arguments: Sequence[str]) -> Plan:
    """Return what a sweep is to do; every run's settings are composed here, so that wrong ones stop the sweep before it begins.

    Raises:
        ConfigError: A setting is impossible, or the launcher is not installed.
    """
    overrides = parse(arguments)
    single = [text for text, override in overrides.items() if not override.is_sweep_override()]
    config = plain_values(compose(verb, single))
    of_runs = [override for override in overrides.values() if group_of(override) not in ("launcher", "sweep")]
    runs, own = all_runs(verb, of_runs)
    settings = tuple(sorted(text for text in (*overrides, *own) if not text.startswith(SURROUNDING)))
    name = config["name"] if config["name"] is not None else "sweep-" + hash_json(settings)[:10]
    check_file_name(str(name), "name")
    jobs = dict(job_of(verb, (*each, f"sweep={literal(name)}")) for each in runs)
    return Plan(Path(config["paths"]["runs"]) / str(name), settings, jobs, launcher_of(config["launcher"]))


def check_same(folder: Path, settings: tuple[str, ...]) -> None:
    """Refuse a folder that holds another sweep.

    Raises:
        ConfigError: The folder holds a sweep with other settings.
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


def state_of(run: Path, settings: Settings) -> dict[str, Any]:
    """Return what is known of a run: its record, or that no process has begun it."""
    if (run / RECORD).is_file():
        return read_record(run)
    return {"status": UNBEGUN, "error": "no process has left a record", "command": command_of(settings)}


def tell(wanted: Plan) -> None:
    """Say how many runs are done, and of each other one where it lies, why, and the command that carries it out again.

    Raises:
        SweepFailed: A run is not done.
    """
    found = {run: state_of(run, settings) for run, settings in wanted.jobs.items()}
    counts = Counter(state["status"] for state in found.values())
    for run, state in found.items():
        if state["status"] != DONE:
            print(f"{state['status']}: {run}: {state['error']}\n    again: {state['command']}", file=sys.stderr)
    print(f"sweep of {len(found)} runs: " + ", ".join(f"{count} {status}" for status, count in sorted(counts.items())))
    print(f"sweep: {wanted.folder} (all in one table: fluid collect folder={wanted.folder})")
    if missing := len(found) - counts[DONE]:
        raise SweepFailed(f"{missing} of {len(found)} runs are not done; the same command goes on with them.")


def run_sweep(verb: str, arguments: Sequence[str]) -> None:
    """Carry out a verb for every combination of the swept settings, by whatever launcher is chosen.

    Raises:
        SweepFailed: A run failed; all others were tried.
        ConfigError: The folder holds another sweep, or another process is at work on it.
    """
    if verb != VERB:
        run_each(verb, arguments)  # without run folders
        return
    carry_out_all(plan(verb, arguments), shlex.join(["fluid", verb, *arguments]))


def carry_out_all(wanted: Plan, command: str) -> None:
    """Carry out the runs of a plan in its folder; `command` is what does it again.

    Raises:
        SweepFailed: A run failed; all others were tried.
        ConfigError: The folder holds another sweep, or another process is at work on it.
    """
    with claim_run(wanted.folder):
        check_same(wanted.folder, wanted.settings)
        write_json(wanted.folder / SWEEP, {"settings": wanted.settings, "jobs": len(wanted.jobs), "command": command})
        wanted.launcher.launch(wanted.jobs, wanted.folder)
        tell(wanted)
