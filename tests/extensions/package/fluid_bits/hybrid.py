"""A hybrid that is half the company's own teacher and half the student, everywhere."""

import numpy as np

from fluid.errors import ConfigError
from fluid.federation.stages.hybrid_spec import AddingBack, HybridMode
from fluid.models.blend import Blend, Gate
from fluid.training.kinds.kind import Fitted

HALF = Gate(-1.0, -0.5, 0.5)


def fit(adding: AddingBack) -> Fitted:
    """Return both as one."""
    if adding.own is None:
        raise ConfigError("hybrid=halves needs your own teacher")
    return Fitted(Blend(adding.own.model.predictor, adding.student, np.asarray(adding.part.molecules.bits), HALF))


MODE = HybridMode(fit, needs_teacher=True)
