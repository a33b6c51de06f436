"""How many molecules are made of public ones."""

from dataclasses import dataclass

from fluid.errors import ConfigError


@dataclass(frozen=True, slots=True)
class GeneratedSpec:
    """Molecules that are made of transfer molecules; the experiment's seed decides which.

    Attributes:
        n: How many; 0: none.

    Raises:
        ConfigError: The number is negative.
    """

    n: int = 10_000

    def __post_init__(self) -> None:
        """Check the number."""
        if self.n < 0:
            raise ConfigError(f"distillation.generated.n is {self.n}", expected="0 or more")
