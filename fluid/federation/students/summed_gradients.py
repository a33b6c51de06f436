"""An additive model, learnt in rounds of which only sums over companies are opened; a consensus alone makes none."""

from functools import partial

from fluid.errors import ConfigError
from fluid.federation.stages.student_spec import StudentMode, Teaching, check_labels_stay
from fluid.training.kinds.kind import Fitted


def fit(teaching: Teaching) -> Fitted:
    """Refuse: companies make it together.

    Raises:
        ConfigError: A consensus is all there is.
    """
    raise ConfigError(
        f"distillation={teaching.student.mode} is no student of a consensus: companies make it together, in rounds",
        expected="fluid simulate, which has all companies; rounds between machines are not built yet",
    )


CHECK = partial(check_labels_stay, learns="learns what was measured")
MODE = StudentMode(fit, CHECK, trains=False, learns_labels=False, forgets_labels=True, in_rounds=True)
