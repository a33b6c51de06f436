"""How public chemistry is divided into regions, and how much of each company goes into which."""

from dataclasses import dataclass

from fluid.errors import ConfigError
from fluid.ranges import require_not_negative, require_positive


@dataclass(frozen=True, slots=True)
class RegionsSpec:
    """How experts of companies become experts of public regions.

    Attributes:
        n: Regions of the transfer set. Fewer than companies: their experts cannot be told apart by linear algebra.
        contrast: How sharply a company's evidence goes into the regions that it knows better than others do; 0: alike into all.
        companies: Of how many companies each region's expert is mixed at least (`1 / Σ_k part²` of their parts in it), where that can be.

    Raises:
        ConfigError: A value is out of range.
    """

    n: int = 4
    contrast: float = 8.0
    companies: float = 2.0

    def __post_init__(self) -> None:
        """Check ranges."""
        if self.n < 1:
            raise ConfigError(f"distillation.regions.n is {self.n}", expected="at least 1")
        require_not_negative(self, "distillation.regions", "contrast")
        require_positive(self, "distillation.regions", "companies")
