"""What of a company's evidence is released."""

from dataclasses import dataclass

from fluid.molecules.substructures import Dictionary
from fluid.ranges import require_not_negative


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
        require_not_negative(self, "annotation.evidence", "clip", "noise", "min_support")
        Dictionary(self.radius, self.n_bits)

    @property
    def dictionary(self) -> Dictionary:
        """The public list of substructures."""
        return Dictionary(self.radius, self.n_bits)
