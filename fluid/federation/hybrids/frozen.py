"""The student's encoder as it is, with a new head for the company's own labels."""

from dataclasses import replace

from fluid.federation.hybrids.going_on import fine_tune_student
from fluid.federation.stages.hybrid_spec import AddingBack, HybridMode
from fluid.training.config import FineTuning
from fluid.training.kinds.kind import Fitted


def fit(adding: AddingBack) -> Fitted:
    """Train the head, with its own learning rate."""
    learning_rate = adding.spec.head_learning_rate
    return fine_tune_student(adding, replace(adding.fitting.config, fine_tuning=FineTuning(frozen=True), learning_rate=learning_rate))


MODE = HybridMode(fit, needs_weights=True, learns_bounds=True)
