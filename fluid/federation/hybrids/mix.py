"""Start from the student, go on with the company's own labels and the student's answers to the same molecules."""

from dataclasses import replace

from fluid.federation.hybrids.going_on import fine_tune_student
from fluid.federation.stages.hybrid_spec import AddingBack, HybridMode
from fluid.models.kinds.kind import has_weights
from fluid.training.config import FineTuning
from fluid.training.kinds.kind import Fitted


def fit(adding: AddingBack) -> Fitted:
    """Fine-tune on both, in the shares that the settings name."""
    spec = adding.spec
    config = replace(adding.fitting.config, fine_tuning=FineTuning(alpha=spec.alpha, alpha_start=spec.alpha_start))
    said = adding.student.predict(adding.part.molecules).mean if has_weights(adding.student) else None
    return fine_tune_student(adding, config, said)


MODE = HybridMode(fit, needs_weights=True, learns_bounds=True)
