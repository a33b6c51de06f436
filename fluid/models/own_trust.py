"""How far a company trusts its own teacher near its own molecules."""

from dataclasses import dataclass

import numpy as np

from fluid.errors import ConfigError
from fluid.models.blend import Gate
from fluid.ranges import require_positive, require_shares


@dataclass(frozen=True, slots=True)
class OwnTrust:
    """What a molecule's similarity to the nearest own molecule (Tanimoto, Morgan fingerprints of radius 2) changes.

    Up to `low` the own teacher is an expert like the others, from `high` on it is trusted in full, in between in proportion.

    Attributes:
        times: How many times as familiar as its evidence says it is taken to be where it is trusted in full.
        low: Similarity up to which it is trusted as the others are.
        high: Similarity from which on it is trusted in full.

    Raises:
        ConfigError: A value is out of range.
    """

    times: float = 2.0
    low: float = 0.3
    high: float = 0.6

    def __post_init__(self) -> None:
        """Check ranges."""
        require_positive(self, "hybrid.trust", "times")
        require_shares(self, "hybrid.trust", "low", "high")
        if self.low >= self.high:
            raise ConfigError(f"hybrid.trust.low is {self.low:g} and hybrid.trust.high is {self.high:g}", expected="low below high")

    def factor(self, similarity: np.ndarray) -> np.ndarray:
        """Return by what the own teacher's familiarity is multiplied, for similarities of any shape."""
        return 1 + Gate(self.low, self.high, 1.0).share(similarity) * (self.times - 1)
