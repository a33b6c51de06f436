"""How a model of measured labels is trained: every value is in the key of its stage."""

from dataclasses import dataclass, field, replace

from fluid.annotation.spec import AnnotationSpec
from fluid.models.predictor import ModelSpec
from fluid.privacy.privacy_spec import PrivacySpec
from fluid.training.config import TrainerSpec, TrainingConfig


@dataclass(frozen=True, slots=True)
class TeacherSettings:
    """How a model of measured labels is trained.

    Attributes:
        model: Architecture, forest, or file of predictions.
        config: Optimisation of a network; another kind of model takes only `validation_share`.
        trainer: Hardware.
        annotation: Domain-score and dropout settings.
        seed: The experiment's seed.
        quorum: Fewest labels per class.
        privacy: How much what is released may tell.
        is_release: Whether it is a company's own teacher, and no simulation: its noise is drawn by the operating system.
    """

    model: ModelSpec
    config: TrainingConfig
    trainer: TrainerSpec
    annotation: AnnotationSpec
    seed: int
    quorum: int = 25
    privacy: PrivacySpec = field(default_factory=PrivacySpec)
    is_release: bool = False

    def with_model(self, model: ModelSpec) -> "TeacherSettings":
        """Return the same for another kind of model."""
        return replace(self, model=model)
