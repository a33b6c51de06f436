"""What kind of model learns the consensus."""

import math
from dataclasses import dataclass, field

from fluid.errors import ConfigError
from fluid.models.heads import HeadsSpec
from fluid.models.neighbours import NeighbourSpec


def check_labels(group: str, labels: str) -> None:
    """Refuse an unknown kind of labels.

    Raises:
        ConfigError: It is unknown.
    """
    if labels not in ("soft", "hard"):
        raise ConfigError(f"{group}.labels is {labels!r}", expected="soft or hard")


@dataclass(frozen=True, slots=True)
class StudentSpec:
    """What kind of model learns the consensus.

    Attributes:
        mode: `network` (a network or a forest learns), `nearest` (the transfer molecules themselves, nothing is learnt), `blend` (the
            nearest where there are any, the network elsewhere; the shares are chosen on held-out transfer molecules) or `heads` (a network
            with one head per teacher and predicted domain scores, gated when asked).
        sharpen: Log-odds of the soft labels are multiplied by this before they are learnt; 1 leaves them.
        labels: `soft`, or `hard`: only the likelier class is learnt (the paper); values are not changed.
        neighbours: How neighbours are weighed.
        heads: How heads are learnt and gated.
    """

    mode: str = "network"
    sharpen: float = 1.0
    labels: str = "soft"
    neighbours: NeighbourSpec = field(default_factory=NeighbourSpec)
    heads: HeadsSpec = field(default_factory=HeadsSpec)

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The mode or the kind of labels is unknown, or the factor is not above 0.
        """
        check_labels("distillation", self.labels)
        if self.mode not in ("network", "nearest", "blend", "heads"):
            raise ConfigError(f"distillation.mode is {self.mode!r}", expected="network, nearest, blend or heads")
        if self.mode == "heads" and self.labels == "hard":
            raise ConfigError("distillation=heads learns what each teacher said", expected="distillation.labels=soft")
        if not 0 < self.sharpen < math.inf:
            raise ConfigError(f"distillation.sharpen is {self.sharpen}", expected="a finite number above 0")

    @property
    def reads_annotations(self) -> bool:
        """Whether the student also learns what each teacher said, beside the consensus."""
        return self.mode == "heads"
