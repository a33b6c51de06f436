"""Experts, and a network that learns the consensus, or what the experts say: each knows what the other does not."""

from typing import cast

from fluid.federation.stages.student_spec import StudentMode, Teaching
from fluid.federation.students import experts
from fluid.models.ensemble import GraphEnsemble
from fluid.models.experts import ExpertsPredictor
from fluid.models.experts_spec import EXPERTS
from fluid.models.predictor import Predictor
from fluid.models.wide_experts import WideExperts
from fluid.training.kinds.kind import Fitted
from fluid.training.kinds.network import distil
from fluid.training.lesson import Lesson


def fit(teaching: Teaching) -> Fitted:
    """Make both."""
    wide, spec = experts.fit(teaching), teaching.student.experts
    lesson = taught_by(wide.predictor, teaching) if spec.network_learns == EXPERTS else teaching.lesson
    deep = distil(teaching.fitting, teaching.network, lesson)
    network = cast(GraphEnsemble, deep.predictor)
    return Fitted(WideExperts(network, cast(ExpertsPredictor, wide.predictor), spec.network), deep.curve, wide.tables)


def taught_by(teacher: Predictor, teaching: Teaching) -> Lesson:
    """Return the lesson with what a teacher says in the place of the consensus' labels; molecules and weights stay."""
    said = teacher.predict(teaching.lesson.molecules)
    variance = said.epistemic if teaching.fitting.config.loss.needs_variance else None
    return teaching.lesson._replace(soft_label=said.mean, variance=variance)


MODE = StudentMode(
    fit,
    experts.CHECK,
    needs_weights=True,
    reads_annotations=True,
    forgets_labels=True,
    takes_labels=False,
    needs_evidence=True,
    has_experts=True,
)
