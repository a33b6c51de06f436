"""Which consensus combines the annotations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fluid.distillation.combine import check_method, needs_labels
from fluid.distillation.methods import METHODS
from fluid.errors import ConfigError


@dataclass(frozen=True, slots=True)
class ConsensusSpec:
    """Which consensus, with its options by name."""

    method: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check method and options.

        Raises:
            ConfigError: The method or an option is unknown.
        """
        check_method(self.method, self.options)

    def require_labels(self, given: bool) -> None:
        """Refuse a method that learns from labels where none are given.

        Raises:
            ConfigError: The method learns from labels, and none are given.
        """
        if needs_labels(self.method) and not given:
            raise ConfigError(
                f"consensus {self.method!r} learns from public labels, and there are none",
                expected="fluid simulate with data.transfer_labels=FILE, a file with labels of some transfer molecules",
                remedy="Or choose another consensus, such as consensus=similarity.",
            )

    @property
    def modules(self) -> tuple[str, ...]:
        """The module of a method that another package adds."""
        return METHODS.modules(self.method)


DEFAULT_CONSENSUS = ConsensusSpec("similarity", {"power": 4.0})
"""What is used where no consensus is chosen."""
