"""How gradients are summed over companies."""

from dataclasses import dataclass

from fluid.errors import ConfigError
from fluid.ranges import require_positive, require_shares

GROUP = "distillation.summed"


@dataclass(frozen=True, slots=True)
class SummedSpec:
    """An additive model of classes, learnt in rounds of which only the sum of all companies' gradients is opened.

    None of these may be chosen by the private molecules that are learnt from.

    Attributes:
        rounds: How many; all share the noise that ε asks for, so that each has more of it where there are more.
        damping: What is added to the curvature in every direction, in standard deviations of a round's noise, of all companies together,
            or of 1 where there is less.
        momentum: Share of a step that the next one goes on with, below 1.
        strength: Inverse strength `C` of the L2 penalty.
        directions: Directions of the transfer set in which steps follow its curvature.
        rarity: Columns are divided by the root mean square that they have in the transfer set to this power; 0: as they are.
        quantile: Quantile of the transfer molecules' norms; longer molecules are scaled down to it.
        constant: What every molecule has in the constant column, of a norm of 1.
        averaged: Share of the rounds, the last ones, over which weights are averaged.
        colluding: How many companies may tell each other what they sent, and still not see the others' sum with less noise than promised.
            1: each company knows its own part.

    Raises:
        ConfigError: A value is out of range.
    """

    rounds: int = 16
    damping: float = 16.0
    momentum: float = 0.7
    strength: float = 1.0
    directions: int = 400
    rarity: float = 0.1
    quantile: float = 0.9
    constant: float = 0.3
    averaged: float = 0.1
    colluding: int = 1

    def __post_init__(self) -> None:
        """Check the values."""
        for name, least in (("rounds", 1), ("directions", 1), ("colluding", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{GROUP}.{name} is {getattr(self, name)}", expected=f"{least} or more")
        require_positive(self, GROUP, "damping", "strength")
        require_shares(self, GROUP, "momentum", "rarity", "quantile", "constant", "averaged")
        for name in ("momentum", "constant"):
            if getattr(self, name) == 1:
                raise ConfigError(f"{GROUP}.{name} is 1", expected="less than 1")
