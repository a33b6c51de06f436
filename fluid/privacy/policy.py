"""What a release may tell: bounds on attacks, and whether they hold, fell, or cannot be told yet."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from fluid.errors import ConfigError

if TYPE_CHECKING:  # what only names a policy should not wait for scipy
    from fluid.privacy.attack import Attack
    from fluid.privacy.statistics import Measured

FPR, LOW_FPR = 0.01, 0.001
"""False-positive rates at which true-positive rates are told; the bounds are on the lower one."""
FEWEST_MOLECULES = 10
"""Members, and non-members, without which no audit is made."""
HOLDS, FELL, OPEN = "holds", "fell", "open"


@dataclass(frozen=True, slots=True)
class PolicySpec:
    """Bounds on attacks.

    Attributes:
        auc: AUC of the strongest attack, whatever the attacker knows.
        tpr: Its true-positive rate at a false-positive rate of 0.1 %.
        auc_unaided: AUC of an attacker without labelled molecules of the company's chemistry.
        tpr_unaided: His true-positive rate at 0.1 %.
        level: Chance that a release that tells nothing is said to break a bound, over all attacks together.
        baseline: AUC of the baselines above which members and non-members are too different for an audit to say anything.
        inversion: Share of transfer molecules of which a partner of a consensus recovers what he could not have guessed.

    Raises:
        ConfigError: A value is out of range.
    """

    auc: float = 0.6
    tpr: float = 0.003
    auc_unaided: float = 0.53
    tpr_unaided: float = 0.0015
    level: float = 0.05
    baseline: float = 0.6
    inversion: float = 0.01

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("auc", "auc_unaided", "baseline"):
            if not 0.5 <= getattr(self, name) <= 1:
                raise ConfigError(f"policy.{name} is {getattr(self, name)}", expected="an AUC from 0.5, which is chance, to 1")
        for name in ("tpr", "tpr_unaided"):
            if not LOW_FPR <= getattr(self, name) <= 1:
                raise ConfigError(f"policy.{name} is {getattr(self, name)}", expected=f"a rate from {LOW_FPR}, which is chance, to 1")
        if not 0 <= self.inversion <= 1:
            raise ConfigError(f"policy.inversion is {self.inversion}", expected="a share from 0 to 1")
        if not 0 < self.level < 0.5:
            raise ConfigError(f"policy.level is {self.level}", expected="a number between 0 and 0.5")

    def bounds(self, attack: "Attack") -> tuple[float, float]:
        """Return the bounds on AUC and true-positive rate of an attack, by what the attacker knows."""
        return (self.auc, self.tpr) if attack.informed else (self.auc_unaided, self.tpr_unaided)


class Verdict(NamedTuple):
    """What an audit says of one bound.

    Attributes:
        what: `auc`, `tpr`, or of what a partner recovers `beyond`.
        bound: The bound, or what a baseline finds if that is more.
        state: `holds`, `fell`, or `open`: the interval holds the bound.
    """

    what: str
    bound: float
    state: str


def judge(what: str, measured: "Measured", bound: float) -> Verdict:
    """Return whether a bound holds: it fell where the whole interval is above it, and holds where all of it is below."""
    state = FELL if measured.low > bound else HOLDS if measured.high <= bound else OPEN
    return Verdict(what, bound, state)
