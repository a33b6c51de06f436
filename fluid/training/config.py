"""Training configs (how a network is trained) and trainer settings (on what it is trained)."""

from dataclasses import dataclass, field

from fluid.artifacts import plain
from fluid.distillation.loss_spec import LossSpec
from fluid.errors import ConfigError
from fluid.ranges import require_not_negative

ACCELERATORS = ("cpu", "gpu", "auto")
PRECISIONS = ("32-true", "bf16-mixed", "bf16-true", "64-true")


@dataclass(frozen=True, slots=True)
class FineTuning:
    """What of a student a hybrid keeps while it learns measured labels; the hybrid's settings decide it.

    Attributes:
        alpha: Share of measured labels in the loss at the end, where a molecule has a soft label too.
        alpha_start: The same in the first epoch; linear in between.
        pull: Strength `λ` of the penalty `λ/2 ‖w − w₀‖²` on leaving the student's weights (L2-SP, Li et al. 2018, arXiv:1802.01483, eq. 1).
        frozen: Keep the encoder as it is, and learn a new head.
    """

    alpha: float = 1.0
    alpha_start: float = 1.0
    pull: float = 0.0
    frozen: bool = False

    def alpha_at(self, epoch: int, epochs: int) -> float:
        """Return the share of measured labels in an epoch."""
        return self.alpha_start + (self.alpha - self.alpha_start) * (epoch / max(1, epochs - 1))


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """Optimisation of one network: AdamW, linear warm-up then cosine decay, early stopping, best weights restored.

    Attributes:
        epochs: Most passes over the training molecules.
        batch_size: Molecules per step (per device).
        learning_rate: Peak learning rate.
        weight_decay: Decoupled weight decay (Loshchilov & Hutter, arXiv:1711.05101).
        warmup: Share of all steps with rising learning rate.
        patience: Epochs without a better validation loss before training stops.
        validation_share: Share of the training molecules kept for early stopping and calibration.
        gradient_clip: Largest gradient norm.
        balance: Weigh classes inversely to their frequency.
        members: Networks in the seed ensemble.
        environments: Compute each distinct atom environment of a batch once, where the encoder can: about half the time. Not on a
            GPU, which would wait for the host's numbering.
        threads: CPU threads of this training; 0 is all of the trainer's. Small networks are trained faster side by side.
        loss: Losses for soft labels; the configuration group `loss` decides it.
        fine_tuning: What a hybrid keeps of the student; the configuration group `hybrid` decides it.
    """

    epochs: int = 15
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    warmup: float = 0.1
    patience: int = 6
    validation_share: float = 0.15
    gradient_clip: float = 5.0
    balance: bool = False
    members: int = 1
    environments: bool = True
    threads: int = 1
    loss: LossSpec = field(default_factory=LossSpec)
    fine_tuning: FineTuning = field(default_factory=FineTuning)

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A value is out of range.
        """
        positive = ("epochs", "batch_size", "learning_rate", "patience", "gradient_clip", "members")
        for name in positive:
            if not getattr(self, name) > 0:
                raise ConfigError(f"training.{name} is {getattr(self, name)}", expected="a number above 0")
        require_not_negative(self, "training", "learning_rate", "weight_decay")
        if self.threads < 0:
            raise ConfigError(f"training.threads is {self.threads}", expected="0 or more")
        for name in ("warmup", "validation_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ConfigError(f"training.{name} is {getattr(self, name)}", expected="a share in [0, 1)")


@dataclass(frozen=True, slots=True)
class TrainerSpec:
    """Where training runs; the values are those of `lightning.Trainer`.

    Attributes:
        accelerator: `cpu`, `gpu` or `auto`.
        devices: Number of devices.
        strategy: `auto`, `ddp`, ...
        precision: `32-true`, `bf16-mixed`, ...
        threads: CPU threads for tensor operations.
        progress: Show a progress bar.
        checkpoint_s: Seconds between checkpoints of a training on one device: what a killed run loses at most.
    """

    accelerator: str = "cpu"
    devices: int = 1
    strategy: str = "auto"
    precision: str = "32-true"
    threads: int = 2
    progress: bool = True
    checkpoint_s: float = 20.0

    def __post_init__(self) -> None:
        """Check ranges.

        Raises:
            ConfigError: A value is out of range.
        """
        if not self.checkpoint_s >= 0:
            raise ConfigError(f"trainer.checkpoint_s is {self.checkpoint_s}", expected="seconds, 0 or more")
        if self.accelerator not in ACCELERATORS:
            raise ConfigError(f"trainer.accelerator is {self.accelerator!r}", expected=" or ".join(ACCELERATORS))
        if self.precision not in PRECISIONS:
            raise ConfigError(f"trainer.precision is {self.precision!r}", expected=" or ".join(PRECISIONS))
        if self.devices < 1 or self.threads < 1:
            raise ConfigError(f"trainer.devices is {self.devices} and trainer.threads {self.threads}", expected="numbers of at least 1")

    def deciding(self) -> dict[str, object]:
        """Return what decides results; progress bars and checkpoints do not."""
        values: dict[str, object] = plain(self)
        return {name: value for name, value in values.items() if name not in ("progress", "checkpoint_s")}

    def threads_for(self, config: TrainingConfig) -> int:
        """Return the CPU threads that a config may use here."""
        return min(config.threads or self.threads, self.threads)


@dataclass(frozen=True, slots=True)
class Training:
    """The configs of one experiment, by the kind of model.

    The defaults are those of the command line: `conf/training/default.yaml` shows them, and a test compares both.

    Attributes:
        teacher: Of each company's own model.
        pooled: Of the upper bound, on all private data together.
        student: Of what is distilled from the consensus.
        hybrid: Of a company's own model on the consensus and its own data.
    """

    teacher: TrainingConfig = TrainingConfig()
    pooled: TrainingConfig = TrainingConfig(validation_share=0.1)
    student: TrainingConfig = TrainingConfig(epochs=6, batch_size=128, patience=3, validation_share=0.05)
    hybrid: TrainingConfig = TrainingConfig(epochs=5, learning_rate=1e-4, patience=4)
