"""How a hybrid is made: every value is in the key of its stage."""

from dataclasses import dataclass

from fluid.annotation.spec import AnnotationSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.training.config import TrainerSpec, TrainingConfig


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
