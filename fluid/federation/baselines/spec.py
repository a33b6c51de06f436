"""The settings of the baselines; a baseline without settings is not asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fluid.errors import ConfigError
from fluid.federation.baselines.baseline import BASELINES
from fluid.ranges import require_not_negative, require_positive

KIND = "baseline"
"""Kind of all stages of baselines."""

FEDERATED = ("student", "fedavg", "fedprox", "feddf")


def check_counts(settings: Any, baseline: str, *names: str) -> None:
    """Refuse counts below 1.

    Raises:
        ConfigError: A setting in `names` is below 1.
    """
    for name in names:
        if getattr(settings, name) < 1:
            raise ConfigError(f"baselines.{baseline}.{name} is {getattr(settings, name)}", expected="1 or more")


@dataclass(frozen=True, slots=True)
class FedAvgSpec:
    """Rounds of local training and weight averaging (McMahan et al. 2017, arXiv:1602.05629).

    Attributes:
        rounds: Rounds.
        local_epochs: Passes over each company's molecules per round; otherwise companies train as `training.teacher` says.
    """

    rounds: int = 5
    local_epochs: int = 3

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A number is out of range.
        """
        check_counts(self, "fedavg", "rounds", "local_epochs")


@dataclass(frozen=True, slots=True)
class FedProxSpec:
    """The same, with a pull towards the weights of the round's beginning (Li et al. 2020, arXiv:1812.06127).

    Attributes:
        rounds: Rounds.
        local_epochs: Passes over each company's molecules per round.
        mu: Strength of the pull; 0 is FedAvg.
    """

    rounds: int = 5
    local_epochs: int = 3
    mu: float = 0.01

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A number is out of range.
        """
        check_counts(self, "fedprox", "rounds", "local_epochs")
        require_not_negative(self, "baselines.fedprox", "mu")


@dataclass(frozen=True, slots=True)
class FedDFSpec:
    """Weight averaging, then distillation of the companies' models into their average (Lin et al. 2020, arXiv:2006.07242).

    Attributes:
        rounds: Rounds.
        local_epochs: Passes over each company's molecules per round.
        public: Transfer molecules per round.
        digest_epochs: Passes over them per round; otherwise as `training.student` says.
    """

    rounds: int = 5
    local_epochs: int = 3
    public: int = 4000
    digest_epochs: int = 2

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A number is out of range.
        """
        check_counts(self, "feddf", "rounds", "local_epochs", "public", "digest_epochs")


@dataclass(frozen=True, slots=True)
class FedMDSpec:
    """Rounds of: answer public molecules, learn the mean answer, go back to the own labels (Li & Wang 2019, arXiv:1910.03581).

    Attributes:
        rounds: Rounds.
        public: Transfer molecules per round.
        digest_epochs: Passes over them per round; otherwise as `training.student` says.
        revisit_epochs: Passes over each company's own molecules per round; otherwise as `training.hybrid` says.
    """

    rounds: int = 3
    public: int = 4000
    digest_epochs: int = 2
    revisit_epochs: int = 1

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A number is out of range.
        """
        check_counts(self, "fedmd", "rounds", "public", "digest_epochs", "revisit_epochs")


@dataclass(frozen=True, slots=True)
class DSFLSpec:
    """The same with a sharpened mean; the result is the coordinator's model (Itahara et al. 2020, arXiv:2008.06180).

    Attributes:
        rounds: Rounds.
        public: Transfer molecules per round.
        digest_epochs: Passes over them per round.
        revisit_epochs: Passes over each company's own molecules between rounds.
        temperature: Of the sharpening; 1 is the plain mean. Near a probability of a half, 0.2 on the logit has the slope of the paper's
            softmax with 0.1 on the probabilities.
    """

    rounds: int = 3
    public: int = 4000
    digest_epochs: int = 2
    revisit_epochs: int = 1
    temperature: float = 0.2

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A number is out of range.
        """
        check_counts(self, "dsfl", "rounds", "public", "digest_epochs", "revisit_epochs")
        require_positive(self, "baselines.dsfl", "temperature")


@dataclass(frozen=True, slots=True)
class SGESpec:
    """A company's own teacher and a federated model, mixed per molecule by its similarity to the company's own data.

    Attributes:
        federated: `student`, or a baseline that averages weights and is asked for too.
        k: Nearest own molecules whose mean Tanimoto similarity counts.
        power: The own teacher's share is the similarity to this power.
    """

    federated: str = "student"
    k: int = 3
    power: float = 1.0

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The model is unknown or a number is out of range.
        """
        if self.federated not in FEDERATED:
            raise ConfigError(f"baselines.sge.federated is {self.federated!r}", expected="one of " + ", ".join(FEDERATED))
        check_counts(self, "sge", "k")
        require_positive(self, "baselines.sge", "power")


@dataclass(frozen=True, slots=True, init=False)
class BaselinesSpec:
    """The baselines that are asked for, each by its name; none by default.

    Attributes:
        settings: Settings by name of the baseline.

    Example:
        >>> BaselinesSpec(fedavg=FedAvgSpec(rounds=2)).averaging()
        ['fedavg']
    """

    settings: Mapping[str, Any]

    def __init__(self, **settings: Any) -> None:
        """Take the settings of those asked for, and check that a model that another baseline needs is asked for.

        Raises:
            ConfigError: A baseline is unknown or that of a broken package, or a model is needed that is not asked for.
        """
        for name in settings:
            BASELINES.check(name)
        asked = {name: settings[name] for name in BASELINES if settings.get(name) is not None}
        object.__setattr__(self, "settings", asked)
        for name, own in asked.items():
            needed = BASELINES[name].needs(own)
            if needed and needed not in asked:
                said = f"baselines.{name}.federated is {needed!r}, which is not asked for"
                raise ConfigError(said, remedy=f"Add it: baselines=[{needed},{name}].")

    def asked(self) -> Iterator[tuple[str, Any]]:
        """Yield name and settings of each baseline that is asked for."""
        yield from self.settings.items()

    def averaging(self) -> list[str]:
        """Return the baselines asked for that average weights, and so need one architecture."""
        return [name for name in self.settings if BASELINES[name].averages_weights]

    def learning_soft(self) -> list[str]:
        """Return the baselines asked for in whose rounds soft labels are learnt."""
        return [name for name in self.settings if BASELINES[name].learns_soft]
