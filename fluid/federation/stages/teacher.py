"""Stage `teacher`: a company trains its own model on its private split, or brings one."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import plain, write_json
from fluid.data.dataset import Dataset
from fluid.data.quorum import check_quorum
from fluid.federation.model_folder import About, distance_reference, own_thresholds, reference_fingerprints, write_model
from fluid.models.predictor import ModelSpec
from fluid.pipeline.stage import Stage, Work
from fluid.seeding import numpy_stream
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.kinds.kind import Fitting, kind_of, modules_of
from fluid.training.lesson import Measured
from fluid.training.train import LoggerFactory, no_logger
from fluid.training.validation_split import split_validation

HELD_OUT = "held_out.json"
"""Rows of the private split that the teacher did not learn from; they stay in the company."""


def own_validation(labels: np.ndarray, config: TrainingConfig, seed: int, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return training and validation rows of labels `(M, T)`; the same ones that training uses."""
    return split_validation(labels, config.validation_share, numpy_stream(seed, name, "validation"))


@dataclass(frozen=True, slots=True)
class TeacherSettings:
    """How a model of measured labels is trained.

    Attributes:
        model: Architecture, forest, or file of predictions.
        config: Optimisation of a network; a forest takes only `validation_share`.
        trainer: Hardware.
        annotation: Domain-score and dropout settings.
        seed: The experiment's seed.
        quorum: Fewest labels per class.
    """

    model: ModelSpec
    config: TrainingConfig
    trainer: TrainerSpec
    annotation: AnnotationSpec
    seed: int
    quorum: int = 25

    def with_model(self, model: ModelSpec) -> "TeacherSettings":
        """Return the same for another kind of model."""
        return replace(self, model=model)


def teacher_stage(name: str, dataset: Dataset, settings: TeacherSettings, logger: LoggerFactory = no_logger) -> Stage:
    """Describe the training of one teacher.

    Args:
        name: Company (`T3`) or `pooled`.
        dataset: Its private split.
        settings: How it is trained.
        logger: Makes the training run's logger.
    """
    model, config, trainer, annotation, seed = settings.model, settings.config, settings.trainer, settings.annotation, settings.seed
    kind = kind_of(model)

    def build(folder: Path, work: Work) -> None:
        check_quorum(dataset.table, settings.quorum, where=name)
        fitting = Fitting(name, config, trainer, seed, annotation.mc_samples, logger, work.report, work.scratch)
        predictor, curve = kind.fit(fitting, model, Measured(dataset.molecules, dataset.labels, dataset.endpoints))
        rows = own_validation(dataset.labels, config, seed, name)[1]
        held_out = dataset.take(rows)
        thresholds = own_thresholds(predictor, held_out.molecules, held_out.labels)
        distances_to = distance_reference(dataset.molecules, annotation, seed, name)
        reference = reference_fingerprints(dataset.molecules, seed)
        write_model(folder, predictor, About(name, "teacher", thresholds, reference, annotation, distances_to), curve)
        write_json(folder / HELD_OUT, {"part": dataset.digest, "rows": rows.tolist()})

    inputs = {
        "part": dataset.digest,
        "model": {"kind": model.kind, **plain(model)},
        **kind.decides(model, config),
        "trainer": trainer.deciding(),
        "annotation": annotation,
        "seed": seed,
        "quorum": settings.quorum,
    }
    return Stage("teacher", name, inputs, build, trainer.threads_for(config), modules=modules_of(model))
