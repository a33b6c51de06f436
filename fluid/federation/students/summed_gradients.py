"""An additive model, learnt in rounds of which only sums over companies are opened; a consensus alone makes none."""

from fluid.errors import ConfigError
from fluid.federation.stages.student_spec import CHECK_NO_OPTIONS, StudentMode, StudentSpec, Teaching
from fluid.training.kinds.kind import Fitted


def check(student: StudentSpec) -> None:
    """Refuse settings of soft labels: measured classes are learnt.

    Raises:
        ConfigError: Hard or sharpened labels are asked for, or options are given.
    """
    CHECK_NO_OPTIONS(student)
    if student.labels == "hard" or student.sharpen != 1:
        said = f"distillation.labels={student.labels} distillation.sharpen={student.sharpen:g}"
        raise ConfigError(f"distillation={student.mode} learns what was measured, and {said}", expected="soft and 1")


def fit(teaching: Teaching) -> Fitted:
    """Refuse: companies make it together.

    Raises:
        ConfigError: A consensus is all there is.
    """
    raise ConfigError(
        f"distillation={teaching.student.mode} is no student of a consensus: companies make it together, in rounds",
        expected="fluid simulate, which has all companies; rounds between machines are not built yet",
    )


MODE = StudentMode(fit, check, trains=False, learns_labels=False, forgets_labels=True, in_rounds=True)
