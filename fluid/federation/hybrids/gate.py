"""No training: the company's own teacher near its own molecules, the student elsewhere; chosen on its validation part."""

from fluid.errors import ConfigError
from fluid.federation.stages.hybrid_spec import AddingBack, HybridMode
from fluid.federation.stages.own_teacher import gate_own
from fluid.training.kinds.kind import Fitted


def fit(adding: AddingBack) -> Fitted:
    """Choose the shares of own teacher and student.

    Raises:
        ConfigError: There is no own teacher.
    """
    if adding.own is None:
        raise ConfigError("hybrid=gate needs your own teacher", remedy="Add teacher=FOLDER (made by train-teacher).")
    return Fitted(gate_own(adding.own, adding.student, adding.part, adding.labels, adding.censored))


MODE = HybridMode(fit, needs_teacher=True, learns_bounds=True, adds_labels=False)
