"""What a suite of experiments is, as its file says it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from fluid.cli.build import build
from fluid.cli.help import choices_of
from fluid.cli.old_words import check_settings, renamed
from fluid.errors import ConfigError
from fluid.registry import nearest_word

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
            remedy = renamed(VERB, "experiment", self.experiment) or nearest_word(self.experiment, choices_of("experiment"))
            raise ConfigError(f"there is no experiment {self.experiment!r}", remedy=remedy)
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
            ConfigError: The experiments or the seeds are empty, or one is listed twice.
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


def check_words(suite: SuiteSpec) -> None:
    """Refuse settings of a suite that have another name now; one that runs are matched by would silently match none.

    Raises:
        ConfigError: A setting of the suite has another name now; the message has the new one.
    """
    check_settings(VERB, suite.settings, "settings")
    for name, spec in suite.experiments.items():
        check_settings(VERB, [*spec.settings, *(f"{key}=" for key in spec.sweep)], f"experiments.{name}")
    for name, tier in suite.tiers.items():
        texts = [str(text) for texts in tier.also.values() for text in texts]
        check_settings(VERB, [*tier.settings, *tier.also, *texts], f"tiers.{name}")


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
                check_name(wanted, experiments, f"tiers.{tier}: the suite has no experiment {wanted!r}")
        check_words(suite)
    except ConfigError as error:
        raise error if str(error).startswith(where) else ConfigError(f"{where}: {str(error).rstrip('.')}") from None
    return suite


def check_name(name: str, names: Mapping[str, Any] | Sequence[str], what: str) -> None:
    """Refuse a name that is not among others.

    Raises:
        ConfigError: The name is not among the known ones; the message is `what`, with the nearest known name.
    """
    if name not in names:
        raise ConfigError(what, remedy=nearest_word(name, list(names)))
