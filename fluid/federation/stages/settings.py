"""How the stages that train are asked to: one frozen settings object each, of which every value is in the stage's key."""

from dataclasses import dataclass, replace

from fluid.annotation.spec import AnnotationSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.predictor import ModelSpec, StudentModel
from fluid.training.config import TrainerSpec, TrainingConfig


@dataclass(frozen=True, slots=True)
class TeacherSettings:
    """How a model of measured labels is trained.

    Attributes:
        model: Architecture, forest, or file of predictions.
        config: Optimisation of a network; a forest takes only `validation_share`.
        trainer: Hardware.
        annotation: Domain-score and dropout settings.
        seed: The experiment's seed.
        quorum: Fewest labels per class.
    """

    model: ModelSpec
    config: TrainingConfig
    trainer: TrainerSpec
    annotation: AnnotationSpec
    seed: int
    quorum: int = 25

    def with_model(self, model: ModelSpec) -> "TeacherSettings":
        """Return the same for another kind of model."""
        return replace(self, model=model)


@dataclass(frozen=True, slots=True)
class StudentSettings:
    """How a student is distilled.

    Attributes:
        student: What kind of model learns the consensus.
        model: Its architecture, or a forest.
        config: Optimisation of a network.
        trainer: Hardware.
        selection: Which molecules it learns from.
        annotation: Domain-score and dropout settings.
        seed: The experiment's seed.
    """

    student: StudentSpec
    model: StudentModel
    config: TrainingConfig
    trainer: TrainerSpec
    selection: SelectionSpec
    annotation: AnnotationSpec
    seed: int


@dataclass(frozen=True, slots=True)
class HybridSettings:
    """How a hybrid is made.

    Attributes:
        hybrid: How the company adds its own data back.
        selection: Which public molecules it learns from, where it does.
        config: Optimisation of a network.
        trainer: Hardware.
        annotation: Domain-score and dropout settings.
        seed: The experiment's seed.
        quorum: Fewest labels per class.
    """

    hybrid: HybridSpec
    selection: SelectionSpec
    config: TrainingConfig
    trainer: TrainerSpec
    annotation: AnnotationSpec
    seed: int
    quorum: int = 25
