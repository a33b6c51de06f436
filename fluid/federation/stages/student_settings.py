"""How a student is distilled: every value is in the key of its stage."""

from dataclasses import dataclass

from fluid.annotation.spec import AnnotationSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.federation.stages.student_spec import StudentSpec
from fluid.models.predictor import StudentModel
from fluid.training.config import TrainerSpec, TrainingConfig


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
