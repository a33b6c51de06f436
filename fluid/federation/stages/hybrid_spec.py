"""How a company adds its own data back."""

import math
from dataclasses import dataclass, replace

from fluid.errors import ConfigError
from fluid.federation.stages.student_spec import check_labels
from fluid.training.config import FineTuning, TrainingConfig

HYBRIDS = ("fine_tune", "concatenate", "mix", "l2_sp", "frozen", "gate")


FOREST_HYBRIDS = ("concatenate", "gate")


@dataclass(frozen=True, slots=True)
class HybridSpec:
    """How a company adds its own data back.

    Attributes:
        mode: `fine_tune` the student; `concatenate` consensus and private data; `mix` measured labels with the student's answers;
            `l2_sp`: fine-tune with a pull back to the student; `frozen`: a new head on the student's encoder; `gate`: own teacher near the
            company's molecules, student elsewhere.
        own_share: Share of the company's molecules in the weight of all, of `concatenate`; `None`: all molecules alike.
        labels: What `concatenate` learns of transfer molecules: `soft` labels, or the `hard` class.
        undersample: `concatenate` drops molecules of the larger class of the first endpoint at random until both are equal.
        alpha: Share of measured labels in the loss of `mix` in the last epoch.
        alpha_start: The same in the first epoch.
        pull: Strength of the pull of `l2_sp` (Li et al. 2018, arXiv:1802.01483).
        head_learning_rate: Peak learning rate of the new head of `frozen`.
        guard: Keep the own teacher, or the student, where it is better than the hybrid on the company's own validation part.
    """

    mode: str = "fine_tune"
    own_share: float | None = None
    labels: str = "soft"
    undersample: bool = False
    alpha: float = 0.5
    alpha_start: float = 0.5
    pull: float = 0.01
    head_learning_rate: float = 2e-3
    guard: bool = False

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            ConfigError: The mode is unknown, or a number is out of range.
        """
        check_labels("hybrid", self.labels)
        if self.mode not in HYBRIDS:
            raise ConfigError(f"hybrid.mode is {self.mode!r}", expected="one of " + ", ".join(HYBRIDS))
        for name in ("own_share", "alpha", "alpha_start"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise ConfigError(f"hybrid.{name} is {value}", expected="a share in [0, 1]")
        for name in ("pull", "head_learning_rate"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(f"hybrid.{name} is {getattr(self, name)}", expected="a finite number above 0")

    def check_forest(self) -> None:
        """Refuse what cannot be done with a forest as student.

        Raises:
            ConfigError: The mode goes on from weights.
        """
        if self.mode not in FOREST_HYBRIDS:
            raise ConfigError(
                f"hybrid.mode is {self.mode!r}, and the student is a forest, which has no weights to go on from",
                expected=" or ".join(f"hybrid={mode}" for mode in FOREST_HYBRIDS),
            )

    @property
    def needs_teacher(self) -> bool:
        """Whether the company's own teacher takes part."""
        return self.guard or self.mode == "gate"

    def config(self, config: TrainingConfig) -> TrainingConfig:
        """Return the config as this mode wants it."""
        if self.mode == "mix":
            return replace(config, fine_tuning=FineTuning(alpha=self.alpha, alpha_start=self.alpha_start))
        if self.mode == "l2_sp":
            return replace(
                config, fine_tuning=FineTuning(pull=self.pull), weight_decay=0.0
            )  # the pull is towards the student, not towards 0
        if self.mode == "frozen":
            return replace(config, fine_tuning=FineTuning(frozen=True), learning_rate=self.head_learning_rate)
        return config
