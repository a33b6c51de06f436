"""`fluid benchmark`: a suite of experiments as sweeps that share one store; one table, one page, golden numbers."""

import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.artifacts import write_json
from fluid.cli.compose import composed, with_hydra
from fluid.cli.specs import NO_FOLDER, federation_spec, missing_files
from fluid.cli.suggest import check_known
from fluid.cli.suites import VERB, SuiteSpec, TierExperiment, check_folder, known, part_of, strays, suite_spec
from fluid.cli.sweep import FLAGS, SweepFailed, carry_out_all
from fluid.cli.verbs import command_of, last_line, plain_values, run_collect
from fluid.errors import ConfigError, FluidError
from fluid.evaluation.golden import faults, narrowed, read_expected, read_results

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from fluid.reporting.suite_data import SuiteData

NAME, SUITE = "benchmark", "suite.json"
PASSED_ON = ("trainer", "launcher", "logger", "cost")
NOT_OF_RESULTS = ("only=", "check=", "readme=")
EXPECTED = Path("benchmarks") / "public_validation" / "expected"


class SuiteFailed(FluidError):
    """Runs of a suite did not end well, or its numbers are not the golden ones; each was named."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for.

    Attributes:
        suite: The suite.
        tier: Its tier.
        only: The one experiment that is carried out; empty: all of the tier.
        folder: Where everything goes.
        parts: All experiments of the tier.
        check: The file of golden numbers to compare with, if any.
        readme: The page that the results go into, if any.
        command: What makes the whole again.
    """

    suite: SuiteSpec
    tier: str
    only: str
    folder: Path
    parts: tuple[TierExperiment, ...]
    check: Path | None
    readme: Path | None
    command: str

    @property
    def chosen(self) -> list[TierExperiment]:
        """The experiments that are carried out."""
        return [part for part in self.parts if self.only in ("", part.name)]


def asked(arguments: Sequence[str]) -> tuple[dict[str, Any], str, list[str]]:
    """Return the configuration as plain values, the suite's name, and the settings that were given."""
    from hydra.core.hydra_config import HydraConfig

    found: list[tuple[dict[str, Any], str, list[str]]] = []

    def keep(config: "DictConfig", settings: Sequence[str]) -> None:
        found.append((plain_values(config), str(HydraConfig.get().runtime.choices["suite"]), list(settings)))

    with_hydra(NAME, arguments, keep)
    return found[0]


def quoted(value: object) -> str:
    """Return a value that Hydra reads as this text, whatever is in it."""
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def surroundings(values: Mapping[str, Any], folder: Path, settings: Sequence[str]) -> list[str]:
    """Return the settings of every run that decide no result, or were given for all: where things lie, workers, loggers."""
    paths, passed = values["paths"], [text for text in settings if text.startswith(PASSED_ON)]
    data = [] if paths["data"] == NO_FOLDER else [f"paths.data={quoted(paths['data'])}"]
    logger = [] if any(text.startswith("logger") for text in passed) else ["logger=none"]
    where = [f"paths.runs={quoted(folder)}", f"paths.artifacts={quoted(paths['artifacts'])}", *data]
    return [*logger, *passed, f"workers={values['workers']}", *where]


def own_expected(suite: str, tier: str) -> Path:
    """Return the file of a suite's golden numbers in a checkout."""
    from fluid.runs.provenance import CHECKOUT

    return CHECKOUT / EXPECTED / f"{suite}-{tier}.json"


def expected_file(check: Any, suite: str, tier: str) -> Path | None:
    """Return the file that `check` means.

    Raises:
        ConfigError: It means none, or there is no such file.
    """
    if check in (False, None):
        return None
    file = own_expected(suite, tier) if check is True else Path(str(check)).expanduser()
    if not file.is_file():
        raise ConfigError(
            f"there is no file of golden numbers {file}",
            expected="check=FILE, or check=true in a checkout that has them",
            remedy="benchmarks/public_validation/record.py makes one from results.csv.",
        )
    return file


def order_of(arguments: Sequence[str]) -> Order:
    """Return what the command line asks for; all runs are planned here, so that wrong settings stop the suite before it begins.

    Raises:
        ConfigError: A name is unknown or a setting impossible.
    """
    if any(flag in arguments for flag in FLAGS):
        raise ConfigError("a suite is many runs already", remedy="Leave out -m; a suite's file says what is swept over.")
    values, name, settings = asked(arguments)
    check_known(NAME, values)
    suite, tier, only = suite_spec(values["suite"], name), str(values["tier"]), str(values["only"] or "")
    known(tier, suite.tiers, f"suite {name} has no tier {tier!r}")
    wanted = suite.tiers[tier]
    if only:
        known(only, wanted.experiments, f"tier {tier} of suite {name} has no experiment {only!r}")
    folder = Path(values["paths"]["runs"]) / f"{name}-{tier}"
    around = surroundings(values, folder, settings)
    parts = tuple(part_of(suite, wanted, experiment, around) for experiment in wanted.experiments)
    readme = Path(values["readme"]).expanduser() if values["readme"] else None
    command = shlex.join(["fluid", NAME, *(text for text in arguments if not text.startswith(NOT_OF_RESULTS))])
    return Order(suite, tier, only, folder, parts, expected_file(values["check"], name, tier), readme, command)


def check_inputs(order: Order) -> None:
    """Find files and columns that are not there, before any work is done.

    Raises:
        ConfigError: The suite needs files and no folder is given that has them.
        InputError: A file lacks a column, or cannot be read.
    """
    from fluid.federation.consortium_data import check_columns

    configs = [plain_values(composed(VERB, next(iter(one.plan.jobs.values())))) for part in order.chosen for one in part.series]
    missing = dict.fromkeys(name for config in configs for name in missing_files(config))
    if missing:
        folder = configs[0]["paths"]["data"]
        why = "no folder of data files is given" if folder == NO_FOLDER else f"they are not in {folder}"
        raise ConfigError(
            f"suite {order.suite.name} needs the files {', '.join(missing)}, and {why}",
            expected="paths.data=FOLDER, a folder that holds them",
            remedy="The headers of conf/data/ say which columns each has.",
        )
    specs = {repr((spec.data, spec.intake)): spec for spec in map(federation_spec, configs)}
    for spec in specs.values():
        check_columns(spec)


def results_of(order: Order) -> "SuiteData":
    """Return what there is of the suite in its folder."""
    from fluid.runs.provenance import provenance
    from fluid.runs.suite_results import WantedRun, gather, notes_on

    wanted = [
        WantedRun(part.name, one.setting, seed_of(settings), run, command_of(settings))
        for part in order.parts
        for one in part.series
        for run, settings in one.plan.jobs.items()
    ]
    data = gather(order.suite.name, order.tier, wanted, order.folder)
    made = provenance()
    return replace(
        data,
        title=order.suite.title,
        questions={part.name: part.question for part in order.parts},
        published=order.suite.published,
        notes=(*notes_on(data, made["git_commit"], made["versions"]["fluid"]), *stray_notes(order)),
        command=order.command,
    )


def seed_of(settings: Sequence[str]) -> int:
    """Return the seed among the settings of a run."""
    return next(int(text.removeprefix("seed=")) for text in settings if text.startswith("seed="))


def stray_notes(order: Order) -> list[str]:
    """Name the run folders that lie among the suite's and are none of its."""
    from fluid.runs.housekeeping import run_folders

    found = [(part, folder) for part in order.parts for folder in strays(part, run_folders(part.whole.folder))]
    return [
        f"{folder} is no run of {part.name} as it is now: other settings, or another version of fluid. It is not in the figures; remove it."
        for part, folder in found
    ]


def evaluated(order: Order, data: "SuiteData") -> "SuiteData":
    """Return the results with what is not as the golden numbers expect it."""
    from fluid.reporting.suite_page import TABLE

    if order.check is None:
        return data
    expected = read_expected(order.check)
    if order.only:
        expected = narrowed(expected, order.only)
    if not len(data.scores):
        return replace(data, faults=("no run has results",))
    table = read_results(order.folder / TABLE)
    if order.only:
        table = table[table["experiment"] == order.only]
    return replace(data, faults=tuple(faults(table, expected)))


def write_results(order: Order) -> "SuiteData":
    """Write table, facts and page of what there is; returns it."""
    from fluid.reporting.suite_page import write_scores, write_suite

    data = results_of(order)
    write_scores(data, order.folder)  # which is what is evaluated
    data = evaluated(order, data)
    write_suite(data, order.folder)
    return data


def collect_part(part: TierExperiment) -> None:
    """Make the table and the page of one experiment, with the figures that are its own, if it has a finished run."""
    from fluid.runs.collect import finished_runs

    folder = part.whole.folder
    if finished_runs(folder)[0]:
        run_collect({"folder": folder, "out": None})


def carry_out(order: Order) -> None:
    """Carry out the chosen experiments, one after the other; a failed run stops none of the others."""
    for number, part in enumerate(order.chosen):
        if number:
            write_results(replace(order, check=None))
        print(f"{part.name}: {part.question}", flush=True)
        try:
            carry_out_all(part.whole, order.command)
        except SweepFailed as error:
            print(f"fluid: {part.name}: {error}", file=sys.stderr, flush=True)
        collect_part(part)


def tell(order: Order, data: "SuiteData") -> None:
    """Say what was found, and where it lies.

    Raises:
        SuiteFailed: Runs are missing, or numbers are not the golden ones.
    """
    from fluid.reporting.suite_page import PAGE, TABLE
    from fluid.runs.record import DONE

    for note in data.notes:
        print(f"note: {note}")
    for fault in data.faults or ():
        print(f"FAULT {fault}", file=sys.stderr)
    own = data.runs[data.runs["experiment"] == order.only] if order.only else data.runs
    missing = own[own["status"] != DONE]
    for run in missing.to_dict("records"):
        print(f"{run['status']}: {order.folder / run['run']}: {run['error']}\n    again: {run['command']}", file=sys.stderr)
    print(f"suite {data.suite}, tier {data.tier}: {len(own) - len(missing)} of {len(own)} runs done")
    if data.faults is not None:
        print(f"golden numbers {order.check}: {f'{len(data.faults)} faults' if data.faults else 'all well'}")
    last_line("table", order.folder / TABLE)
    last_line("page", (order.folder / PAGE).resolve())
    problems = [f"{len(missing)} of {len(own)} runs are not done; the same command goes on with them"] if len(missing) else []
    problems += [f"{len(data.faults)} numbers are not as expected"] if data.faults else []
    if problems:
        raise SuiteFailed(f"suite {data.suite}, tier {data.tier}: {'; '.join(problems)}.")


def run_benchmark(arguments: Sequence[str]) -> None:
    """Run `fluid benchmark`.

    Raises:
        SuiteFailed: A run failed, or a number is not as the golden ones expect it; all else was done.
        ConfigError: The suite cannot be carried out as asked, or its folder holds other runs.
    """
    from fluid.reporting.suite_page import check_page, put_into, suite_lines
    from fluid.runs.record import alone

    order = order_of(arguments)
    check_inputs(order)
    if order.check:
        read_expected(order.check)
    if order.readme:
        check_page(order.readme)
    for part in order.parts:
        check_folder(part)
    with alone(order.folder):
        write_json(order.folder / SUITE, {"suite": order.suite.name, "tier": order.tier, "command": order.command})
        carry_out(order)
        data = write_results(order)
    if order.readme:
        put_into(order.readme, suite_lines(data))
        last_line("put into", order.readme)
    tell(order, data)
