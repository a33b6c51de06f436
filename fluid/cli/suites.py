"""What a suite of experiments is, and the sweeps that it comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

from fluid.artifacts import read_json
from fluid.cli.build import build
from fluid.cli.help import choices_of
from fluid.cli.job import Settings
from fluid.cli.suggest import suggestion
from fluid.cli.sweep import SWEEP, Plan, plan
from fluid.errors import ArtifactError, ConfigError
from fluid.registry import nearest
from fluid.reporting.significance import ALIKE

VERB = "simulate"


@dataclass(frozen=True, slots=True)
class ExperimentSpec:
    """One question of a suite.

    Attributes:
        question: What it asks.
        experiment: A file of `conf/experiment`; none: plain settings.
        sweep: Settings with their values; each combination is compared with the others. What the experiment's file sweeps over by itself is
            compared too.
        settings: Further settings of all its runs, as on the command line.
    """

    question: str
    experiment: str | None = None
    sweep: Mapping[str, Any] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check the values that are swept over, and the experiment's name.

        Raises:
            ConfigError: There is no such experiment, or what is swept over is no list of values.
        """
        if self.experiment is not None and self.experiment not in choices_of("experiment"):
            raise ConfigError(f"there is no experiment {self.experiment!r}", remedy=nearest(self.experiment, choices_of("experiment")))
        for name, values in self.sweep.items():
            if not isinstance(values, list) or not values or any(isinstance(value, list | dict) for value in values):
                raise ConfigError(f"sweep.{name} is {values!r}", expected="a list of single values")

    def combinations(self) -> list[dict[str, str]]:
        """Return every combination of what is swept over, the last varying fastest; one empty combination without a sweep."""
        texts = [[f"{value}".lower() if isinstance(value, bool) else f"{value}" for value in values] for values in self.sweep.values()]
        return [dict(zip(self.sweep, chosen, strict=True)) for chosen in product(*texts)]


@dataclass(frozen=True, slots=True)
class TierSpec:
    """How much of a suite is done.

    Attributes:
        experiments: Their names, in order.
        seeds: Seeds of every setting: all are compared on the same ones.
        settings: Further settings of all runs.
        also: Further settings of one experiment, by its name, or of all runs that have a setting, by its text (`protocol=paper`).
    """

    experiments: tuple[str, ...]
    seeds: tuple[int, ...]
    settings: tuple[str, ...] = ()
    also: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that there is something to do, once.

        Raises:
            ConfigError: There is not.
        """
        for name in ("experiments", "seeds"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ConfigError(f"{name} is {list(values)}", expected="a list without repetition")


@dataclass(frozen=True, slots=True)
class SuiteSpec:
    """A suite.

    Attributes:
        name: Its file's name.
        title: What it is, for the page.
        experiments: By name.
        tiers: By name.
        settings: Settings of all runs.
        published: Whether the paper's own figures belong beside its results.
    """

    name: str
    title: str
    experiments: Mapping[str, ExperimentSpec]
    tiers: Mapping[str, TierSpec]
    settings: tuple[str, ...] = ()
    published: bool = False


@dataclass(frozen=True, slots=True)
class Series:
    """One setting of an experiment over all seeds.

    Attributes:
        setting: What tells it from the experiment's other ones, as text.
        plan: Its runs.
    """

    setting: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class TierExperiment:
    """An experiment of a suite as it is to be carried out.

    Attributes:
        name: Its name.
        question: What it asks.
        series: Its settings.
    """

    name: str
    question: str
    series: tuple[Series, ...]

    @property
    def whole(self) -> Plan:
        """All its runs as one plan."""
        first = self.series[0].plan
        jobs = {run: settings for one in self.series for run, settings in one.plan.jobs.items()}
        return replace(first, settings=tuple(dict.fromkeys(" ".join(one.plan.settings) for one in self.series)), jobs=jobs)


def _each(values: Any, cls: type, where: str) -> dict[str, Any]:
    if not isinstance(values, Mapping) or not values:
        raise ConfigError(f"{where} is {values!r}", expected="at least one, by name")
    found: dict[str, Any] = {}
    for name, item in values.items():
        try:
            found[str(name)] = build(cls, item, f"{where}.{name}")
        except ConfigError as error:
            here = f"{where}.{name}"
            raise error if here in str(error) else ConfigError(f"{here}: {str(error).rstrip('.')}") from None
    return found


def suite_spec(values: Mapping[str, Any], name: str) -> SuiteSpec:
    """Build a suite from the plain values of its file.

    Raises:
        ConfigError: Something in it is unknown or impossible; a tier names an experiment that the suite does not have.
    """
    where = f"suite {name}"
    try:
        rest = {key: item for key, item in values.items() if key not in ("experiments", "tiers")}
        experiments = _each(values.get("experiments"), ExperimentSpec, "experiments")
        tiers = _each(values.get("tiers"), TierSpec, "tiers")
        suite = build(SuiteSpec, {**rest, "name": name, "experiments": experiments, "tiers": tiers})
        for tier, spec in tiers.items():
            for wanted in spec.experiments:
                known(wanted, experiments, f"tiers.{tier}: the suite has no experiment {wanted!r}")
    except ConfigError as error:
        raise error if str(error).startswith(where) else ConfigError(f"{where}: {str(error).rstrip('.')}") from None
    return suite


def known(name: str, names: Mapping[str, Any] | Sequence[str], what: str) -> None:
    """Refuse a name that is not among others.

    Raises:
        ConfigError: It is not.
    """
    if name not in names:
        raise ConfigError(what, remedy=nearest(name, list(names)))


def key_of(text: str) -> str:
    """Return the key of a setting, without the signs that add or remove it."""
    return text.split("=", 1)[0].lstrip("+~")


def merged(*groups: Sequence[str]) -> list[str]:
    """Return settings of which a later one takes the place of an earlier one of the same key."""
    found: dict[str, str] = {}
    for text in (text for group in groups for text in group):
        found.pop(key_of(text), None)
        found[key_of(text)] = text
    return list(found.values())


def further(tier: TierSpec, name: str, settings: Sequence[str]) -> list[str]:
    """Return what a tier adds to the runs of an experiment that have these settings."""
    return [str(text) for wanted, texts in tier.also.items() if wanted == name or wanted in settings for text in texts]


def planned(what: str, settings: Sequence[str]) -> Plan:
    """Return the plan of a sweep with these settings.

    Raises:
        ConfigError: One is impossible; `what` says whose it is.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        return plan(VERB, settings)
    except (HydraException, OmegaConfBaseException) as error:
        first = str(error).strip().split("\n")[0].rstrip(".")
        raise ConfigError(f"{what}: {first}", remedy=suggestion(str(error), VERB, settings)) from None


def divided(whole: Plan, texts: Sequence[str], given: Sequence[str]) -> list[Series]:
    """Return a plan as one series per setting that the experiment sweeps over by itself; as it is where it does not.

    Args:
        whole: The plan.
        texts: What the suite sweeps over, as in this plan.
        given: All settings that the suite gives.
    """
    keys = {"sweep", *map(key_of, given)}
    series: dict[str, dict[Path, Settings]] = {}
    for run, settings in whole.jobs.items():
        own = [text for text in settings if key_of(text) not in keys]
        series.setdefault(", ".join([*texts, *own]) or ALIKE, {})[run] = settings
    return [Series(setting, replace(whole, jobs=jobs)) for setting, jobs in series.items()]


def part_of(suite: SuiteSpec, tier: TierSpec, name: str, surroundings: Sequence[str]) -> TierExperiment:
    """Return an experiment of a suite as sweeps over its seeds.

    Args:
        suite: The suite.
        tier: How much of it.
        name: The experiment.
        surroundings: Settings that decide no result: paths, workers, loggers.

    Raises:
        ConfigError: A setting is impossible.
    """
    spec = suite.experiments[name]
    named = [f"experiment={spec.experiment}"] if spec.experiment else []
    seeds = "seed=" + ",".join(map(str, tier.seeds))
    series: list[Series] = []
    for chosen in spec.combinations():
        texts = [f"{key}={value}" for key, value in chosen.items()]
        own = merged(named, suite.settings, spec.settings, texts, tier.settings)
        whole = merged(own, further(tier, name, own), surroundings)
        given = [*whole, f"name={name}", seeds]
        series += divided(planned(f"suite {suite.name}, experiment {name}", given), texts, given)
    runs = [run for one in series for run in one.plan.jobs]
    if len(set(runs)) < len(runs):
        raise ConfigError(f"suite {suite.name}: two settings of experiment {name} come to the same runs", remedy="Sweep over other values.")
    return TierExperiment(name, spec.question, tuple(series))


def check_folder(part: TierExperiment) -> None:
    """Refuse the folder of an experiment that holds runs of other settings.

    Raises:
        ConfigError: The suite, or what its settings mean, was another one when they were made.
    """
    wanted = part.whole
    try:
        before = read_json(wanted.folder / SWEEP)["settings"]
    except (ArtifactError, KeyError):
        return
    if before != list(wanted.settings):
        other = next((text for text in before if text not in wanted.settings), "fewer settings")
        raise ConfigError(
            f"the folder holds runs of other settings ({other})",
            where=str(wanted.folder),
            expected="those of this suite and tier, as they are now",
            remedy="Remove the folder, or choose another paths.runs=FOLDER; what is equal is found in the store.",
        )


def strays(part: TierExperiment, folders: Sequence[Path]) -> list[Path]:
    """Return the run folders of an experiment that are none of its runs: of other settings, or of another version's."""
    return [folder for folder in folders if folder not in part.whole.jobs]
