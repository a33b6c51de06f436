"""The sweeps that a suite of experiments comes to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from fluid.artifacts import read_json
from fluid.cli.failures import explain_hydra
from fluid.cli.quoting import literal
from fluid.cli.suites.suite_spec import VERB, SuiteSpec, TierSpec
from fluid.cli.sweeps.job import Settings
from fluid.cli.sweeps.sweep import SWEEP, Plan, plan
from fluid.errors import ArtifactError, ConfigError
from fluid.reporting.significance import ALIKE


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


def key_of(text: str) -> str:
    """Return the key of a setting, without the signs that add or remove it."""
    return text.split("=", 1)[0].lstrip("+~")


def merge_settings(*groups: Sequence[str]) -> list[str]:
    """Return settings of which a later one takes the place of an earlier one of the same key."""
    found: dict[str, str] = {}
    for text in (text for group in groups for text in group):
        found.pop(key_of(text), None)
        found[key_of(text)] = text
    return list(found.values())


def added_settings(tier: TierSpec, name: str, settings: Sequence[str]) -> list[str]:
    """Return what a tier adds to the runs of an experiment that have these settings."""
    return [str(text) for wanted, texts in tier.also.items() if wanted == name or wanted in settings for text in texts]


def plan_of(what: str, settings: Sequence[str]) -> Plan:
    """Return the plan of a sweep with these settings.

    Raises:
        ConfigError: A setting is impossible; `what` says whose it is.
    """
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    try:
        return plan(VERB, settings)
    except (HydraException, OmegaConfBaseException) as error:
        raise ConfigError(f"{what}: {explain_hydra(error, VERB, settings).rstrip('.')}") from None


def divide(whole: Plan, texts: Sequence[str], given: Sequence[str]) -> list[Series]:
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
        own = merge_settings(named, suite.settings, spec.settings, texts, tier.settings)
        whole = merge_settings(own, added_settings(tier, name, own), surroundings)
        given = [*whole, f"name={literal(name)}", seeds]
        series += divide(plan_of(f"suite {suite.name}, experiment {name}", given), texts, given)
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
