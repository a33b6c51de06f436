"""What `fluid benchmark` is asked for: a suite's tier, planned to its last run, and the files that it needs."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluid.cli.compose import compose, plain_values, run_with_hydra
from fluid.cli.flags import is_sweep
from fluid.cli.old_words import EXPERIMENTS
from fluid.cli.quoting import literal
from fluid.cli.specs import NO_FOLDER, federation_spec, missing_files
from fluid.cli.suggest import check_known
from fluid.cli.suites.suite_spec import VERB, SuiteSpec, check_name, suite_spec
from fluid.cli.suites.suites import TierExperiment, part_of
from fluid.errors import ConfigError
from fluid.file_names import at_home

if TYPE_CHECKING:
    from omegaconf import DictConfig

NAME = "benchmark"
PASSED_ON = ("trainer", "launcher", "logger", "cost")
NOT_OF_RESULTS = ("only=", "check=", "readme=")
EXPECTED = Path("benchmarks") / "public_validation" / "expected"


@dataclass(frozen=True, slots=True)
class SuiteRequest:
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


def read_arguments(arguments: Sequence[str]) -> tuple[dict[str, Any], str, list[str]]:
    """Return the configuration as plain values, the suite's name, and the settings that were given."""
    from hydra.core.hydra_config import HydraConfig

    found: list[tuple[dict[str, Any], str, list[str]]] = []

    def keep(config: "DictConfig", settings: Sequence[str]) -> None:
        found.append((plain_values(config), str(HydraConfig.get().runtime.choices["suite"]), list(settings)))

    run_with_hydra(NAME, arguments, keep)
    return found[0]


def surroundings(values: Mapping[str, Any], folder: Path, settings: Sequence[str]) -> list[str]:
    """Return the settings of every run that decide no result, or were given for all: where things lie, workers, loggers."""
    paths, passed = values["paths"], [text for text in settings if text.startswith(PASSED_ON)]
    data = [] if paths["data"] == NO_FOLDER else [f"paths.data={literal(paths['data'])}"]
    logger = [] if any(text.startswith("logger") for text in passed) else ["logger=none"]
    where = [f"paths.runs={literal(folder)}", f"paths.artifacts={literal(paths['artifacts'])}", *data]
    return [*logger, *passed, f"workers={values['workers']}", *where]


def golden_file(suite: str, tier: str) -> Path:
    """Return the file of a suite's golden numbers in a checkout."""
    from fluid.runs.provenance import CHECKOUT

    return CHECKOUT / EXPECTED / f"{suite}-{tier}.json"


def expected_file(check: Any, suite: str, tier: str) -> Path | None:
    """Return the file that `check` means.

    Raises:
        ConfigError: The file of golden numbers does not exist.
    """
    if check in (False, None):
        return None
    file = golden_file(suite, tier) if check is True else at_home(str(check))
    if not file.is_file():
        raise ConfigError(
            f"there is no file of golden numbers {file}",
            expected="check=FILE, or check=true in a checkout that has them",
            remedy="benchmarks/public_validation/record.py makes one from results.csv.",
        )
    return file


def request_of(arguments: Sequence[str]) -> SuiteRequest:
    """Return what the command line asks for; all runs are planned here, so that wrong settings stop the suite before it begins.

    Raises:
        ConfigError: A name is unknown or a setting impossible.
    """
    if is_sweep(arguments):
        raise ConfigError("a suite is many runs already", remedy="Leave out -m; a suite's file says what is swept over.")
    values, name, settings = read_arguments(arguments)
    check_known(NAME, values)
    suite, tier, only = suite_spec(values["suite"], name), str(values["tier"]), str(values["only"] or "")
    check_name(tier, suite.tiers, f"suite {name} has no tier {tier!r}")
    wanted = suite.tiers[tier]
    if only:
        now = f"; it is called {EXPERIMENTS[only]} now" if EXPERIMENTS.get(only) in wanted.experiments else ""
        check_name(only, wanted.experiments, f"tier {tier} of suite {name} has no experiment {only!r}{now}")
    folder = Path(values["paths"]["runs"]) / f"{name}-{tier}"
    around = surroundings(values, folder, settings)
    parts = tuple(part_of(suite, wanted, experiment, around) for experiment in wanted.experiments)
    readme = at_home(values["readme"]) if values["readme"] else None
    command = shlex.join(["fluid", NAME, *(text for text in arguments if not text.startswith(NOT_OF_RESULTS))])
    return SuiteRequest(suite, tier, only, folder, parts, expected_file(values["check"], name, tier), readme, command)


def check_inputs(request: SuiteRequest) -> None:
    """Find files and columns that are not there, before any work is done.

    Raises:
        ConfigError: The suite needs files and no folder is given that has them.
        InputError: A file lacks a column, or cannot be read.
    """
    from fluid.federation.consortium_data import check_columns

    configs = [plain_values(compose(VERB, next(iter(one.plan.jobs.values())))) for part in request.chosen for one in part.series]
    missing = dict.fromkeys(name for config in configs for name in missing_files(config))
    if missing:
        folder = configs[0]["paths"]["data"]
        why = "no folder of data files is given" if folder == NO_FOLDER else f"they are not in {folder}"
        raise ConfigError(
            f"suite {request.suite.name} needs the files {', '.join(missing)}, and {why}",
            expected="paths.data=FOLDER, a folder that holds them",
            remedy="The headers of conf/data/ say which columns each has.",
        )
    specs = {repr((spec.data, spec.intake)): spec for spec in map(federation_spec, configs)}
    for spec in specs.values():
        check_columns(spec)
