"""What a student cannot learn."""

from collections.abc import Sequence

from fluid.annotation.annotation_set import AnnotationSet
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.federation.stages.student_spec import STUDENTS, StudentSpec
from fluid.models.predictor import ModelSpec
from fluid.training.kinds.kind import kind_of

EVIDENCE = "annotation.domain=evidence"
UNPREJUDICED = ("all", "random", "covered", "diverse")


def check_noise(loss: LossSpec, student: StudentSpec, selection: SelectionSpec) -> None:
    """Refuse `loss.confusion=auto` where the confusion of a consensus is not that of what is learnt.

    It is estimated for its labels as they are, over all molecules: choosing or weighing molecules by what teachers said, or
    sharpening their labels, changes it. Domain scores and chance may choose.

    Raises:
        ConfigError: `loss.confusion` is auto, and the settings learn other labels than those that the confusion was estimated for.
    """
    if not loss.automatic or not student.how.trains:
        return
    wrong = [] if student.learns_labels else [f"distillation={student.mode}"]
    wrong += [] if student.sharpen == 1 else [f"distillation.sharpen={student.sharpen:g}"]
    wrong += [] if selection.mode in UNPREJUDICED else [f"selection={selection.mode}"]
    wrong += [] if selection.confidence_power == 0 else [f"selection.confidence_power={selection.confidence_power:g}"]
    if wrong:
        raise ConfigError(
            f"loss.confusion is auto, and with {', '.join(wrong)} the consensus' confusion is not that of what is learnt",
            expected="distillation=network or blend, not sharpened; selection=all, random, covered or diverse, not weighted by confidence",
            remedy="Or give loss.confusion by hand.",
        )


def check_head(model: ModelSpec, mode: str, loss: LossSpec, who: str = "a student") -> None:
    """Refuse an evidential head that is to learn what it cannot: what each teacher said, or soft labels by a loss that is not its own.

    Raises:
        ConfigError: The mode needs a head per teacher and the model's head is evidential, or `loss` is not supported by an evidential head.
    """
    how = STUDENTS[mode]
    if not how.trains or not kind_of(model).own_loss(model):
        return
    if not how.learns_labels:
        raise ConfigError(f"distillation={mode} has a head per teacher, and the student's is evidential", remedy="Choose its head plain.")
    if loss != LossSpec():
        raise ConfigError(
            f"an evidential head of {who} has a loss of its own", expected="loss=soft_bce", remedy="Or choose a model with head=plain."
        )


def check_released(student: StudentSpec, sets: Sequence[AnnotationSet]) -> None:
    """Refuse annotation sets in which a student does not find who knows what: in evidence, or in coarse domain scores.

    Raises:
        ConfigError: A teacher released the other of both.
    """
    for one in sets:
        if student.how.needs_evidence and one.evidence is None:
            raise ConfigError(
                f"distillation={student.mode} needs evidence, and {one.teacher} released none", expected=f"teachers trained with {EVIDENCE}"
            )
        if not student.how.needs_evidence and one.evidence is not None:
            raise ConfigError(
                f"distillation={student.mode} learns coarse domain scores, and {one.teacher} released evidence instead",
                expected="distillation=experts, or teachers trained with annotation.domain=bins",
            )
