"""How much a company's releases may tell of any one of its molecules."""

import math
from dataclasses import dataclass, field
from pathlib import Path

from fluid.errors import ConfigError
from fluid.file_names import WITNESS, at_home
from fluid.ranges import require_shares

LEAST_EPSILON, LARGEST_DELTA = 0.01, 1e-3


@dataclass(frozen=True, slots=True)
class PrivacySpec:
    """How much a company's releases may tell of any one of its molecules: (ε, δ)-differential privacy (Dwork et al. 2006).

    Attributes:
        epsilon: ε of one release, by which its noise is chosen; `None`: the noise is that of the settings, 0 as they come.
        delta: δ of all releases together.
        evidence_share: Share of the noise's precision that evidence is given; the rest is for weights.
        ledger: File in the company's own folder that counts its releases; `None`: nothing is counted.
        budget: ε of all releases together, decided when the ledger is begun; `None`: as the ledger has it.
        witness: Folder elsewhere in which the ledger's last line is noted, so that a ledger put back from a copy is noticed; or `None`.

    Raises:
        ConfigError: A value is out of range.
    """

    epsilon: float | None = None
    delta: float = 1e-5
    evidence_share: float = 0.4
    ledger: Path | None = None
    budget: float | None = None
    witness: Path | None = field(default_factory=lambda: at_home(WITNESS))

    def __post_init__(self) -> None:
        """Check the values."""
        for name in ("epsilon", "budget"):
            value = getattr(self, name)
            if value is not None and not LEAST_EPSILON <= value < math.inf:
                raise ConfigError(f"privacy.{name} is {value}", expected=f"a finite number of {LEAST_EPSILON} or more, or null")
        if not 0 < self.delta <= LARGEST_DELTA:
            raise ConfigError(f"privacy.delta is {self.delta}", expected=f"a number above 0, and {LARGEST_DELTA} at most")
        require_shares(self, "privacy", "evidence_share")
        if self.budget is not None and self.ledger is None:
            raise ConfigError("privacy.budget is given, and there is no ledger to count in", expected="privacy.ledger=FILE")

    @property
    def is_asked(self) -> bool:
        """Whether a certificate is asked for."""
        return self.epsilon is not None or self.ledger is not None

    def deciding(self) -> dict[str, float | None]:
        """Return what decides the noise; where releases are counted does not."""
        return {"epsilon": self.epsilon, "delta": self.delta, "evidence_share": self.evidence_share} if self.is_asked else {}
