"""Random forests: what is taken of the config is which molecules are held out."""

from fluid.models.forest import ForestPredictor
from fluid.models.predictor import ForestSpec
from fluid.seeding import derive_seed
from fluid.training.kinds.kind import Fitted, Fitting, ModelKind
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import own_rows


def fit(fitting: Fitting, spec: ForestSpec, measured: Measured) -> Fitted:
    """Grow a teacher on what is not held out."""
    molecules, labels, endpoints, _ = measured
    rows, _ = own_rows(fitting, labels, molecules.skeletons)
    seed = derive_seed(fitting.seed, fitting.name)
    return Fitted(ForestPredictor.fit(molecules.take(rows), labels[rows], endpoints, spec, seed, fitting.threads))


def distil(fitting: Fitting, spec: ForestSpec, lesson: Lesson) -> Fitted:
    """Grow a student on the whole lesson."""
    settings = (spec, derive_seed(fitting.seed, fitting.name), fitting.threads)
    return Fitted(ForestPredictor.distil(lesson.molecules, lesson.soft_label, lesson.weight, lesson.endpoints, *settings))


KIND = ModelKind(ForestSpec, fit, distil)
