"""What modes share that go on from the student's weights."""

from dataclasses import replace

import numpy as np

from fluid.federation.stages.hybrid_spec import AddingBack
from fluid.models.kinds.kind import put_own, start_of
from fluid.training.config import TrainingConfig
from fluid.training.kinds.kind import Fitted
from fluid.training.train import train_teacher


def fine_tune_student(adding: AddingBack, config: TrainingConfig, said: np.ndarray | None = None) -> Fitted:
    """Train the student's networks on the company's own labels; where the student remembers molecules, it remembers these too.

    Args:
        adding: What is given.
        config: Optimisation, as the mode wants it.
        said: What the student says of the company's molecules `(M, T)`, to learn beside their labels; or `None`.
    """
    molecules, labels = adding.learnt()
    start = start_of(adding.student, molecules)
    if start is None:
        return Fitted(put_own(adding.student, None, molecules, labels))
    job = replace(adding.fitting, config=config).job(start.networks[0].spec)
    trained = train_teacher(job, adding.part.molecules, adding.labels, start.endpoints, start, said, adding.rows, adding.censored)
    network = trained.predictor.with_mc_samples(adding.fitting.mc_samples)
    return Fitted(put_own(adding.student, network, molecules, labels), trained.curve)
