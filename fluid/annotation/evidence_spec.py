"""What of a company's evidence is released."""

import math
from dataclasses import dataclass

from fluid.errors import ConfigError
from fluid.molecules.substructures import Dictionary


@dataclass(frozen=True, slots=True)
class ReleaseSpec:
    """What of a company's evidence is released, and about which substructures.

    Attributes:
        radius: Largest radius of the dictionary's Morgan environments.
        n_bits: Columns to which they are hashed.
        clip: Largest L2 norm of what one molecule adds to the counts; 0: no limit.
        noise: Standard deviation of the normal noise on every count; 0: none.
        min_support: Counts below this are released as 0.

    Raises:
        ConfigError: A value is out of range.
    """

    radius: int = 3
    n_bits: int = 16384
    clip: float = 0.0
    noise: float = 0.0
    min_support: float = 0.0

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("clip", "noise", "min_support"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ConfigError(f"annotation.evidence.{name} is {getattr(self, name)}", expected="a finite number of 0 or more")
        Dictionary(self.radius, self.n_bits)

    @property
    def dictionary(self) -> Dictionary:
        """The public list of substructures."""
        return Dictionary(self.radius, self.n_bits)
