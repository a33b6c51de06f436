"""A student that learns a random share of the lesson."""

from dataclasses import replace

from fluid.errors import ConfigError
from fluid.federation.stages.student_spec import StudentMode, StudentSpec, Teaching
from fluid.federation.students.network import fit as learn
from fluid.seeding import numpy_stream
from fluid.training.kinds.kind import Fitted


def share_of(student: StudentSpec) -> float:
    """Return the share that the settings ask for."""
    return float(student.options.get("share", 0.5))


def check(student: StudentSpec) -> None:
    """Refuse a share that is none."""
    if set(student.options) - {"share"} or not 0 < share_of(student) <= 1:
        raise ConfigError(f"distillation.options is {dict(student.options)}", expected="share: a number above 0, up to 1")


def fit(teaching: Teaching) -> Fitted:
    """Learn a part of the lesson."""
    n = len(teaching.lesson.molecules)
    kept = numpy_stream(teaching.fitting.seed, "sample").permutation(n)[: max(1, round(share_of(teaching.student) * n))]
    kept.sort()
    return learn(replace(teaching, lesson=teaching.lesson.take(kept), rows=teaching.rows[kept]))


MODE = StudentMode(fit, check)
