"""Which annotated molecules the student learns from."""

import math
from dataclasses import dataclass

from fluid.distillation.selection import MODES
from fluid.errors import ConfigError


@dataclass(frozen=True, slots=True)
class SelectionSpec:
    """Which annotated molecules the student learns from.

    Attributes:
        mode: One of the modes of `fluid.distillation.select`.
        n: How many, at most.
        confidence_power: The loss weight of a molecule is its confidence to this power; 0 weighs all alike.
        coverage_power: And its coverage to this power: the highest coarse domain score of any teacher, as a share in (0, 1].
        clusters: Clusters that `diverse` takes from in turn.
        fill: `balanced` takes `n` molecules even where one class is short; otherwise only as many as that class has of each.
    """

    mode: str = "all"
    n: int = 1_000_000
    confidence_power: float = 0.0
    coverage_power: float = 0.0
    clusters: int = 256
    fill: bool = False

    def __post_init__(self) -> None:
        """Check the mode and the number.

        Raises:
            ConfigError: The mode is unknown, or a number is out of range.
        """
        if self.mode not in MODES:
            raise ConfigError(f"selection.mode is {self.mode!r}", expected="one of " + ", ".join(MODES))
        if self.n < 1 or not self.confidence_power >= 0:
            raise ConfigError(
                f"selection.n is {self.n} and selection.confidence_power {self.confidence_power}", expected="at least 1, and 0 or more"
            )
        if self.clusters < 1 or not 0 <= self.coverage_power < math.inf:
            raise ConfigError(
                f"selection.clusters is {self.clusters} and selection.coverage_power {self.coverage_power}",
                expected="at least 1, and 0 or more",
            )
