"""A search for hyper-parameters (`-m hparams_search=...`): trials are federations like any other, led by their validation scores.

FOLDER = paths.runs/NAME, by `name=` or by the settings:
FOLDER/sweep.json      what is searched
FOLDER/study.journal   the study (`fluid.cli.search.study`): the same command goes on with it, several processes share it
FOLDER/run-.../        the run of each trial
FOLDER/trials.csv      all trials in one table
"""

import math
import shlex
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.artifacts import hash_json, write_json
from fluid.cli.build import build
from fluid.cli.compose import compose, plain_values
from fluid.cli.flags import SWEPT
from fluid.cli.old_words import check_settings
from fluid.cli.quoting import literal
from fluid.cli.simulate import command_of, run_folder, run_simulate
from fluid.cli.specs import SURROUNDINGS, federation_spec, leave_out
from fluid.cli.suggest import check_known, known_keys, nearest_key
from fluid.errors import ConfigError, FluidError
from fluid.evaluation.validation import check_metric
from fluid.federation.spec import FederationSpec
from fluid.federation.trial import STEPS, trial_scores
from fluid.file_names import check_file_name
from fluid.outputs import check_place
from fluid.pipeline.runner import Runner

if TYPE_CHECKING:  # Optuna is an extra, and not quick to import
    from optuna.trial import FrozenTrial, Trial

    from fluid.cli.search.search_space import Choices, Range, SearchSpec
    from fluid.cli.search.study import Search

GROUP, SPACE, VERB, SWEEP = "hparams_search", "hparams_search.space=", "simulate", "sweep.json"


class Pruned(FluidError):
    """A trial was stopped early: it did worse than the median of the earlier ones."""

    status = "pruned"


class SearchFailed(FluidError):
    """Some trials of a search failed; each was named."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a search is to do.

    Attributes:
        folder: Where it lies.
        spec: What is searched.
        space: The search space.
        settings: Settings that all trials share.
        command: The command line.
        config: The resolved configuration of the experiment that is varied.
    """

    folder: Path
    spec: "SearchSpec"
    space: Mapping[str, "Range | Choices"]
    settings: Sequence[str]
    command: str
    config: Mapping[str, Any]

    def identity(self) -> dict[str, Any]:
        """Return all that decides the sequence of trials: not their number, and not the surroundings."""
        spec = {"metric": self.spec.metric, "seed": self.spec.seed, "pruner": self.spec.pruner, "startup_trials": self.spec.startup_trials}
        return {**spec, "space": dict(self.spec.space), "experiment": hash_json(leave_out(self.config, *SURROUNDINGS))}


def check_arguments(verb: str, arguments: Sequence[str]) -> None:
    """Refuse what a search cannot do.

    Raises:
        ConfigError: The verb is none that can be searched, a key has several values, a launcher is chosen, or Optuna is not installed.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser

    if verb != VERB:
        raise ConfigError(f"fluid {verb.replace('_', '-')} has no hyper-parameters to search", expected=f"fluid {VERB} -m {GROUP}=...")
    if find_spec("optuna") is None:
        raise ConfigError(f"{GROUP} needs a package that is not installed", remedy="Run: pip install 'fluid[sweep]'.")
    for override in OverridesParser.create().parse_overrides([text for text in arguments if not text.startswith("-")]):
        key = override.key_or_group
        if override.is_sweep_override():
            raise ConfigError(f"{key} has several values", expected=f"one value, or {key} in {GROUP}.space")
        if key.split("/")[0].split(".")[0] in ("hydra", "launcher"):
            remedy = "Its trials come one after the other; to work side by side, start the same command several times."
            raise ConfigError(f"a search does not use {key}", remedy=remedy)


def plan(verb: str, arguments: Sequence[str]) -> Plan:
    """Read the arguments; everything that may be wrong with them is found here, before any work is done.

    Raises:
        ConfigError: A setting, or a border of the search space, is not possible.
    """
    check_arguments(verb, arguments)
    from fluid.cli.search.search_space import SearchSpec, border_settings, dimensions

    given = [text for text in arguments if text not in SWEPT]
    spec = build(SearchSpec, search_values(verb, given), GROUP)
    space = dimensions(spec)
    settings = [text for text in given if not text.lstrip("+~").startswith((GROUP, "name=", "sweep="))]
    check_keys(space, settings)
    for border in border_settings(space):
        experiment = federation_spec(plain_values(compose(verb, [*settings, *border])))
        check_metric(spec.metric, [one for one in experiment.labelled_intake.parsed_endpoints])
    config = plain_values(compose(verb, settings))
    check_known(verb, config)
    unnamed = Plan(Path(), spec, space, settings, shlex.join(["fluid", verb, *arguments]), config)
    named = [text for text in given if text.startswith("name=")]
    name = plain_values(compose(verb, [*settings, *named]))["name"] if named else None
    name = "search-" + hash_json(unnamed.identity())[:10] if name is None else str(name)
    check_file_name(name, "name")
    folder = Path(config["paths"]["runs"]) / name
    return Plan(folder, spec, space, settings, unnamed.command, config)


def search_values(verb: str, arguments: Sequence[str]) -> dict[str, Any]:
    """Return the settings of the search itself; a space that is given replaces the whole one of the file."""
    from hydra.core.override_parser.overrides_parser import OverridesParser

    spaces = [text for text in arguments if text.startswith(SPACE)]
    values: dict[str, Any] = plain_values(compose(verb, [text for text in arguments if text not in spaces]))[GROUP]
    for override in OverridesParser.create().parse_overrides(spaces):
        values["space"] = override.value() or {}
    return values


def check_keys(space: Mapping[str, Any], settings: Sequence[str]) -> None:
    """Refuse a search space with a key that the experiment does not have."""
    check_settings(VERB, (f"{key}=" for key in space), f"{GROUP}.space")
    known = known_keys(VERB, settings)
    for key in space:
        if key not in known:
            raise ConfigError(f"{GROUP}.space has the unknown key {key!r}", remedy=nearest_key(key, known))


def begin(wanted: Plan) -> "Search":
    """Open the study of a search, or begin it.

    Raises:
        ConfigError: The folder holds another search, or a sweep that is no search.
    """
    from fluid.cli.search.study import JOURNAL, open_search

    if (wanted.folder / SWEEP).is_file() and not (wanted.folder / JOURNAL).is_file():
        raise ConfigError(
            "the folder holds a sweep", where=str(wanted.folder), expected="a search or a new folder", remedy="Choose another name=."
        )
    check_place(wanted.folder)
    distributions = {key: found.distribution() for key, found in wanted.space.items()}
    search = open_search(wanted.folder, wanted.spec, distributions, wanted.identity())
    write_json(wanted.folder / SWEEP, {"settings": sorted(wanted.settings), "jobs": wanted.spec.n_trials, "command": wanted.command})
    return search


def run_search(verb: str, arguments: Sequence[str]) -> None:
    """Search until all trials are done; another call with the same arguments goes on where this one was stopped.

    Raises:
        SearchFailed: A trial failed; all others were tried.
        ConfigError: The arguments, or the folder, do not fit.
    """
    wanted = plan(verb, arguments)
    search = begin(wanted)
    search.take_up()
    while True:
        with search.next_trial() as trial:
            if trial is None:
                break
            attempt(trial, search, wanted)
        search.write_table()
    tell(search, wanted)


def attempt(trial: "Trial", search: "Search", wanted: Plan) -> None:
    """Carry out one trial and write down what became of it; an interruption leaves it to the next process."""
    from optuna.trial import TrialState

    from fluid.cli.search.search_space import settings_of

    chosen = settings_of(trial.params)
    config, command = trial_run([*wanted.settings, *chosen], wanted.folder)
    trial.set_user_attr("folder", str(run_folder(config)))
    trial.set_user_attr("command", command)
    print(f"trial {trial.number} ({len(search.slots())} of {wanted.spec.n_trials}): {' '.join(chosen)}", flush=True)
    try:
        run_simulate(config, command, lambda spec, runner: look(trial, spec, runner, wanted.spec.metric))
        score = search.trials()[trial.number].intermediate_values[len(STEPS) - 1]
        search.study.tell(trial, score)
        print(f"trial {trial.number}: {wanted.spec.metric} {score:.4f} on validation", flush=True)
    except Pruned as end:
        search.study.tell(trial, state=TrialState.PRUNED)
        print(f"trial {trial.number}: {end}", flush=True)
    except Exception as error:
        if not isinstance(error, FluidError):
            traceback.print_exc()
        trial.set_user_attr("error", " ".join(str(error).split()) or type(error).__name__)
        search.study.tell(trial, state=TrialState.FAIL)
        print(f"trial {trial.number} failed: {error}", file=sys.stderr)


def trial_run(settings: Sequence[str], folder: Path) -> tuple[dict[str, Any], str]:
    """Return configuration and command of a trial's run, in a folder of its own below the search's, named by its settings."""
    placed = [*settings, f"sweep={literal(folder.name)}"]
    return plain_values(compose(VERB, placed)), command_of(placed)


def look(trial: "Trial", spec: FederationSpec, runner: Runner, metric: str) -> None:
    """Report a trial's validation scores as they come, and stop it if it does badly.

    Raises:
        Pruned: The trial scores badly; the stages that would have come are spared.
        ConfigError: The student's metric on validation is undefined.
    """
    for number, (step, score) in enumerate(trial_scores(spec, runner, metric)):
        if math.isnan(score):
            if step == STEPS[-1]:
                raise ConfigError(f"the student's {metric} on validation is undefined", expected="labels of both classes in validation")
            continue
        trial.report(score, number)
        if step != STEPS[-1] and trial.should_prune():
            raise Pruned(f"stopped after {step}, with a validation {metric} of {score:.4f}.")


def tell(search: "Search", wanted: Plan) -> None:
    """Say what was found, and of each failed trial where it lies, why, and the command that carries it out again.

    Raises:
        SearchFailed: A trial failed.
    """
    from fluid.cli.search.search_space import settings_of

    failed, best = search.failed(), search.best()
    for trial in failed:
        tell_failure(trial)
    counts: dict[str, int] = {}
    for trial in search.slots().values():
        counts[trial.state.name.lower()] = counts.get(trial.state.name.lower(), 0) + 1
    print(f"search of {wanted.spec.n_trials} trials: " + ", ".join(f"{count} {state}" for state, count in sorted(counts.items())))
    if best:
        print(f"best: trial {best.number}, {wanted.spec.metric} {best.value:.4f} on validation ({best.user_attrs['folder']})")
        print(f"best settings: {' '.join(settings_of(best.params))}")
    print(f"search: {search.write_table().resolve()}")
    if failed:
        raise SearchFailed(f"{len(failed)} of {wanted.spec.n_trials} trials failed; the same command tries them again.")


def tell_failure(trial: "FrozenTrial") -> None:
    """Name a failed trial."""
    from fluid.cli.search.study import error_of

    attributes = trial.user_attrs
    print(f"failed: trial {trial.number}: {attributes.get('folder')}: {error_of(trial)}", file=sys.stderr)
    print(f"    again: {attributes.get('command')}", file=sys.stderr)
