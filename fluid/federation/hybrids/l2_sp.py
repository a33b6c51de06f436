"""Start from the student, go on with the company's own labels, pulled back to the student's weights (Li et al. 2018, arXiv:1802.01483)."""

from dataclasses import replace

from fluid.federation.hybrids.going_on import fine_tune_student
from fluid.federation.stages.hybrid_spec import AddingBack, HybridMode
from fluid.training.config import FineTuning
from fluid.training.kinds.kind import Fitted


def fit(adding: AddingBack) -> Fitted:
    """Fine-tune with the pull in the place of weight decay: it is towards the student, not towards 0."""
    return fine_tune_student(adding, replace(adding.fitting.config, fine_tuning=FineTuning(pull=adding.spec.pull), weight_decay=0.0))


MODE = HybridMode(fit, needs_weights=True, learns_bounds=True)
