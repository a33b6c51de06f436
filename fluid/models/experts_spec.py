"""How an experts student is made of the teachers' answers, and how its experts answer together."""

import math
from dataclasses import dataclass

from fluid.errors import ConfigError
from fluid.ranges import require_not_negative, require_positive, require_shares

CONSENSUS, EXPERTS = LESSONS = ("consensus", "experts")


@dataclass(frozen=True, slots=True)
class ExpertsSpec:
    """How heads are copied from teachers, and combined by evidence.

    Attributes:
        strengths: Inverse strengths of the L2 penalty by which a head copies its teacher; the best on held-out transfer molecules is taken.
        product: Share of the product of experts in the log-odds (or the value); the rest is that of the gate.
        curvature: How much each measured molecule adds to the precision of a weight, in units of its prior's: the product.
        correlation: How far correlations of substructures in the transfer set count as those in private data: the product; 0: not at all.
        floor: What everybody knows of a substructure beforehand, in molecules (λ): the gate.
        sharpness: Power of familiarity in the gate's shares (β); 0 is the plain mean, much the most familiar expert alone.
        network: Share of the network in the score of a student of mode `wide_experts`.
        network_learns: What that network learns: `consensus`, its labels; or `experts`, what the experts say of the same molecules.

    Raises:
        ConfigError: A value is out of range, or unknown.
    """

    strengths: tuple[float, ...] = (0.1, 1.0, 10.0)
    product: float = 0.5
    curvature: float = 0.03
    correlation: float = 0.6
    floor: float = 1.0
    sharpness: float = 4.0
    network: float = 0.5
    network_learns: str = CONSENSUS

    def __post_init__(self) -> None:
        """Check ranges."""
        if not self.strengths or not all(0 < value < math.inf for value in self.strengths):
            raise ConfigError(f"distillation.experts.strengths is {list(self.strengths)}", expected="one or more finite numbers above 0")
        group = "distillation.experts"
        require_shares(self, group, "product", "correlation", "network")
        require_positive(self, group, "curvature", "floor")
        require_not_negative(self, group, "sharpness")
        if self.network_learns not in LESSONS:
            raise ConfigError(f"{group}.network_learns is {self.network_learns!r}", expected=" or ".join(LESSONS))
