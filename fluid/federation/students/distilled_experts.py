"""A model learns what experts say, of transfer molecules and of new ones made of these; neither heads nor evidence stay.

What is additive in the experts is known anywhere, so that the model can be taught beyond the transfer set.
"""

from dataclasses import replace

import numpy as np

from fluid.federation.stages.student_spec import StudentMode, Teaching
from fluid.federation.students import experts, network
from fluid.models.predictor import Predictor
from fluid.molecules.recombine import recombine
from fluid.seeding import numpy_stream
from fluid.training.kinds.kind import Fitted
from fluid.training.lesson import Lesson


def fit(teaching: Teaching) -> Fitted:
    """Copy every teacher, and teach what the copies say together.

    Raises:
        ConfigError: The student's kind of model cannot learn soft labels.
        InputError: So many new molecules could not be made of the transfer set.
    """
    wide = experts.fit(teaching)
    taught = network.fit(replace(teaching, lesson=lesson_of(wide.predictor, teaching)))
    return taught._replace(tables=wide.tables)


def lesson_of(teacher: Predictor, teaching: Teaching) -> Lesson:
    """Return what a teacher says of the lesson's molecules and of new ones, all of one weight."""
    known, n = teaching.lesson.molecules, teaching.student.generated.n
    new = [recombine(known, n, numpy_stream(teaching.fitting.seed, "student", "generated"))] if n else []
    molecules = known.followed_by(new)
    said = teacher.predict(molecules)
    alike = np.ones_like(said.mean)
    variance = said.epistemic if teaching.fitting.config.loss.needs_variance else None
    return Lesson(molecules, said.mean, alike, alike, variance, teacher.endpoints)


MODE = StudentMode(fit, experts.CHECK, learns_labels=False, reads_annotations=True, forgets_labels=True, needs_evidence=True)
