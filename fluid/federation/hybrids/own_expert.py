"""No training: the own teacher in the place of its head in an experts student, exact evidence, and the company's labels nearby."""

from dataclasses import replace
from typing import cast

import numpy as np

from fluid.annotation.evidence import count_evidence
from fluid.errors import ConfigError
from fluid.federation.stages.hybrid_spec import AddingBack, HybridMode
from fluid.models.experts import ExpertsPredictor
from fluid.models.own_expert import OwnExpert
from fluid.models.own_measured import Measured
from fluid.models.wide_experts import WideExperts
from fluid.training.kinds.kind import Fitted


def fit(adding: AddingBack) -> Fitted:
    """Put the own teacher in, and the labels beside it; a bound of a value is no label.

    Raises:
        ConfigError: There is no own teacher.
    """
    if adding.own is None:
        raise ConfigError("hybrid=own_expert needs your own teacher", remedy="Add teacher=FOLDER (made by train-teacher).")
    wide = adding.student if isinstance(adding.student, WideExperts) else None
    student, own = cast(ExpertsPredictor, wide.experts if wide else adding.student), adding.own.model
    answered = np.array([endpoint in own.predictor.endpoints for endpoint in student.endpoints])
    counts = count_evidence(student.features(adding.part.molecules), adding.labels) * answered[:, None]
    labels = adding.labels if adding.censored is None else np.where(adding.censored != 0, np.nan, adding.labels)
    measured = Measured(np.asarray(adding.part.molecules.bits), labels.astype(np.float32), adding.spec.measured)
    hybrid = OwnExpert(student, own.predictor, own.name, counts.astype(np.float32), measured, adding.spec.trust)
    return Fitted(replace(wide, experts=hybrid) if wide else hybrid)


MODE = HybridMode(fit, needs_teacher=True, learns_bounds=True, adds_labels=False, needs_experts=True)
