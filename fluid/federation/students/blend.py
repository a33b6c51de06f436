"""The nearest transfer molecules where there are any, a network elsewhere; shares are chosen on held-out transfer molecules."""

from dataclasses import replace
from typing import cast

from fluid.errors import QuorumError
from fluid.federation.stages.student_spec import Probe, StudentMode, Teaching, whole
from fluid.federation.students.nearest import neighbours_of
from fluid.models.blend import Blend
from fluid.models.predictor import Predictor
from fluid.training.gate import choose_blend
from fluid.training.kinds.kind import Fitted
from fluid.training.kinds.network import distil


def fit(teaching: Teaching) -> Fitted:
    """Train the network, and choose its shares."""
    general = distil(teaching.fitting, teaching.network, teaching.lesson)
    return Fitted(blend_of(general.predictor, teaching), general.curve)


def blend_of(network: Predictor, teaching: Teaching) -> Blend:
    """Return network and nearest neighbours as one, with shares chosen on the held-out part of the lesson.

    While shares are chosen, held-out molecules are nobody's neighbours; afterwards they are.

    Raises:
        QuorumError: Nothing was held out.
    """
    lesson, student = teaching.lesson, teaching.student
    learnt, held_out = (lesson.take(rows) for rows in teaching.held_out())
    if not len(held_out.molecules):
        raise QuorumError("a blend has no held-out molecules", expected="some", remedy="Raise training.student.validation_share.")
    nearest = neighbours_of(learnt, student)
    blend = choose_blend(nearest, network, nearest.bits, held_out.molecules, held_out.soft_label)
    everything = neighbours_of(lesson, student)
    return replace(blend, local=everything, bits=everything.bits)


def probe(predictor: Predictor, teaching: Teaching) -> Probe:
    """Return the blend without the held-out molecules among its neighbours, and these."""
    learnt, held_out = teaching.held_out()
    if not len(held_out):
        return whole(predictor, teaching)
    nearest = neighbours_of(teaching.lesson.take(learnt), teaching.student)
    return replace(cast(Blend, predictor), local=nearest, bits=nearest.bits), held_out


MODE = StudentMode(fit, probe=probe, needs_weights=True)
