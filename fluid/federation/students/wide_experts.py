"""Experts, and a network that learns the consensus: each knows what the other does not."""

from typing import cast

from fluid.federation.stages.student_spec import StudentMode, Teaching
from fluid.federation.students import experts
from fluid.models.ensemble import GraphEnsemble
from fluid.models.experts import ExpertsPredictor
from fluid.models.wide_experts import WideExperts
from fluid.training.kinds.kind import Fitted
from fluid.training.kinds.network import distil


def fit(teaching: Teaching) -> Fitted:
    """Make both."""
    wide, deep = experts.fit(teaching), distil(teaching.fitting, teaching.network, teaching.lesson)
    network, share = cast(GraphEnsemble, deep.predictor), teaching.student.experts.network
    return Fitted(WideExperts(network, cast(ExpertsPredictor, wide.predictor), share), deep.curve, wide.tables)


MODE = StudentMode(
    fit,
    experts.check,
    needs_weights=True,
    reads_annotations=True,
    forgets_labels=True,
    takes_labels=False,
    needs_evidence=True,
    has_experts=True,
)
