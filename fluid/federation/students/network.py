"""A model learns the consensus: a network, a forest, or any kind that can learn soft labels."""

from fluid.errors import ConfigError
from fluid.federation.stages.student_spec import StudentMode, Teaching
from fluid.training.kinds.kind import Fitted, kind_of


def fit(teaching: Teaching) -> Fitted:
    """Let the model learn the lesson.

    Raises:
        ConfigError: The student's kind of model cannot learn soft labels.
    """
    distil = kind_of(teaching.model).distil
    if distil is None:
        raise ConfigError(f"a model of kind {teaching.model.kind!r} cannot learn soft labels", expected="another kind of student_model")
    return distil(teaching.fitting, teaching.model, teaching.lesson)


MODE = StudentMode(fit, forgets_labels=True)
