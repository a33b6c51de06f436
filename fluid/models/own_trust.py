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
        product: Share of the product of experts where it is trusted in full and has the gate for itself; elsewhere that of the student.

    Raises:
        ConfigError: A value is out of range.
    """

    times: float = 4.0
    low: float = 0.5
    high: float = 0.8
    product: float = 0.25

    def __post_init__(self) -> None:
        """Check ranges."""
        require_positive(self, "hybrid.trust", "times")
        require_shares(self, "hybrid.trust", "low", "high", "product")
        if self.low >= self.high:
            raise ConfigError(f"hybrid.trust.low is {self.low:g} and hybrid.trust.high is {self.high:g}", expected="low below high")

    def nearness(self, similarity: np.ndarray) -> np.ndarray:
        """Return how near molecules are, from 0 at `low` to 1 at `high`, for similarities of any shape."""
        return Gate(self.low, self.high, 1.0).share(similarity)

    def factor(self, nearness: np.ndarray) -> np.ndarray:
        """Return by what the own teacher's familiarity is multiplied."""
        factor: np.ndarray = 1 + (self.times - 1) * nearness
        return factor

    def product_share(self, student: float, nearness: np.ndarray, own: np.ndarray) -> np.ndarray:
        """Return the share of the product of experts.

        Args:
            student: The student's.
            nearness: See above.
            own: The own teacher's share of the gate.
        """
        share: np.ndarray = student + (self.product - student) * nearness * own
        return share
