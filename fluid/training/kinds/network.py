"""Graph networks: what is taken of the config is all of it."""

from collections.abc import Mapping
from typing import Any

from fluid.models.predictor import NetworkSpec
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.training.config import TrainingConfig
from fluid.training.kinds.kind import Fitted, Fitting, ModelKind
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import Trained, train_student, train_teacher


def finish(trained: Trained, fitting: Fitting) -> Fitted:
    """Return a trained ensemble with its dropout samples switched on."""
    return Fitted(trained.predictor.with_mc_samples(fitting.mc_samples), trained.curve)


def fit(fitting: Fitting, spec: NetworkSpec, measured: Measured, whole: WideDeepSpec | None = None) -> Fitted:
    """Train a teacher: a network, or the whole that it is a part of."""
    molecules, labels, endpoints, censored = measured
    return finish(train_teacher(fitting.job(spec, whole), molecules, labels, endpoints, censored=censored), fitting)


def distil(fitting: Fitting, spec: NetworkSpec, lesson: Lesson, whole: WideDeepSpec | None = None) -> Fitted:
    """Train a student: a network, or the whole that it is a part of."""
    trained = train_student(fitting.job(spec, whole), lesson.molecules, lesson.soft_label, lesson.weight, lesson.endpoints, lesson.variance)
    return finish(trained, fitting)


def decides(spec: NetworkSpec, config: TrainingConfig) -> Mapping[str, Any]:
    """Return the whole config."""
    return {"config": config}


def own_loss(spec: NetworkSpec) -> bool:
    """Return whether the head is evidential."""
    return spec.evidential


def modules(spec: NetworkSpec) -> tuple[str, ...]:
    """Return the module of an encoder that another package adds."""
    return spec.modules


KIND = ModelKind(NetworkSpec, fit, distil, decides, has_weights=True, own_loss=own_loss, modules=modules, learns_bounds=True)
