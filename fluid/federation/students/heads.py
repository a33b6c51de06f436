"""A network with one head per teacher and predicted domain scores, gated when asked: it learns what each teacher said."""

from fluid.errors import ConfigError
from fluid.federation.heads import repeat_per_head, teachers_answers
from fluid.federation.lesson import sharpened_labels
from fluid.federation.stages.student_spec import CHECK_NO_OPTIONS, StudentMode, StudentSpec, Teaching
from fluid.models.heads import HeadsPredictor, head_endpoints
from fluid.training.kinds.kind import Fitted
from fluid.training.train import train_heads


def check(student: StudentSpec) -> None:
    """Refuse hard labels: what teachers said is learnt as it was said.

    Raises:
        ConfigError: Hard labels are asked for, or options are given.
    """
    CHECK_NO_OPTIONS(student)
    if student.labels == "hard":
        raise ConfigError("distillation=heads learns what each teacher said", expected="distillation.labels=soft")


def fit(teaching: Teaching) -> Fitted:
    """Train a network that is taught what each teacher said of the lesson's molecules."""
    lesson, student, fitting = teaching.lesson, teaching.student, teaching.fitting
    said = teachers_answers(teaching.sets, teaching.edges, teaching.rows)
    columns = head_endpoints(lesson.endpoints, said.answered)
    answers = sharpened_labels(said.answers, columns[: said.answers.shape[1]], student.sharpen)
    variance = said.variance if fitting.config.loss.needs_variance else None
    weight = repeat_per_head(lesson.weight, said.answered)
    job = fitting.job(teaching.network)
    trained = train_heads(job, lesson.molecules, answers, weight, said.domain, columns, student.heads.domain_weight, variance)
    network = trained.predictor.with_mc_samples(fitting.mc_samples)
    return Fitted(HeadsPredictor(network, said.teachers, lesson.endpoints, said.answered, student.heads.power), trained.curve)


MODE = StudentMode(fit, check, learns_labels=False, needs_weights=True, reads_annotations=True, forgets_labels=True)
