"""The transfer molecules themselves are the student: nothing is learnt."""

import numpy as np

from fluid.federation.stages.student_spec import Probe, StudentMode, StudentSpec, Teaching, whole
from fluid.models.neighbours import NeighbourPredictor
from fluid.models.predictor import Predictor
from fluid.training.kinds.kind import Fitted
from fluid.training.lesson import Lesson


def neighbours_of(lesson: Lesson, student: StudentSpec) -> NeighbourPredictor:
    """Return the lesson itself as a model."""
    bits = np.asarray(lesson.molecules.bits)
    return NeighbourPredictor(bits, lesson.soft_label, lesson.confidence, lesson.endpoints, student.neighbours)


def fit(teaching: Teaching) -> Fitted:
    """Keep the lesson."""
    return Fitted(neighbours_of(teaching.lesson, teaching.student))


def probe(predictor: Predictor, teaching: Teaching) -> Probe:
    """Return the model without the held-out molecules, and these; where nothing was held out, the model and all."""
    learnt, held_out = teaching.held_out()
    if not len(held_out):
        return whole(predictor, teaching)
    return neighbours_of(teaching.lesson.take(learnt), teaching.student), held_out


MODE = StudentMode(fit, probe=probe, trains=False)
