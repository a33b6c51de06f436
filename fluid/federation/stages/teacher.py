"""Stage `teacher`: a company trains its own model on its private split, or brings one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import hash_file, plain, write_json
from fluid.data.dataset import Dataset
from fluid.data.quorum import check_quorum
from fluid.federation.model_folder import distance_reference, own_thresholds, reference_fingerprints, write_model
from fluid.models.forest import ForestPredictor
from fluid.models.prediction_file import PredictionFile
from fluid.models.predictor import ForestSpec, ModelSpec, NetworkSpec, PredictionsSpec, Predictor
from fluid.pipeline.stage import Stage, Work
from fluid.seeding import derive_seed, numpy_stream
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.train import Job, Trained, train_teacher
from fluid.training.validation_split import split_validation

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

HELD_OUT = "held_out.json"
"""Rows of the private split that the teacher did not learn from; they stay in the company."""

MakeLogger = Callable[[str], "Logger | None"]


def no_logger(_: str) -> "Logger | None":
    """Log nowhere."""
    return None


def trainer_inputs(trainer: TrainerSpec) -> dict[str, object]:
    """Return the trainer settings that decide results; progress bars and checkpoints do not."""
    values: dict[str, object] = plain(trainer)
    return {name: value for name, value in values.items() if name not in ("progress", "checkpoint_s")}


def finished(trained: Trained, annotation: AnnotationSpec) -> Predictor:
    """Return the trained ensemble with its dropout samples switched on."""
    return trained.predictor.with_mc_samples(annotation.mc_samples)


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


def teacher_stage(name: str, part: Dataset, settings: TeacherSettings, logger: MakeLogger = no_logger) -> Stage:
    """Describe the training of one teacher.

    Args:
        name: Company (`T3`) or `pooled`.
        part: Its private split.
        settings: How it is trained.
        logger: Makes the training run's logger.
    """
    model, config, trainer, annotation, seed = settings.model, settings.config, settings.trainer, settings.annotation, settings.seed

    def fit(work: Work) -> tuple[Predictor, tuple[CurvePoint, ...]]:
        endpoints, labels = part.table.endpoints, part.table.labels
        if isinstance(model, PredictionsSpec):
            return PredictionFile.read(Path(model.path), endpoints), ()
        if isinstance(model, ForestSpec):
            rows, _ = own_validation(part.table.labels, config, seed, name)
            chosen = part.take(rows)
            forest = ForestPredictor.fit(
                chosen.molecules, chosen.table.labels, endpoints, model, derive_seed(seed, name), trainer.threads_for(config)
            )
            return forest, ()
        job = Job(name, model, config, trainer, seed, logger, work.report, work.scratch)
        trained = train_teacher(job, part.molecules, labels, endpoints)
        return finished(trained, annotation), trained.curve

    def build(folder: Path, work: Work) -> None:
        check_quorum(part.table, settings.quorum, where=name)
        predictor, curve = fit(work)
        rows = own_validation(part.table.labels, config, seed, name)[1]
        held_out = part.take(rows)
        thresholds = own_thresholds(predictor, held_out.molecules, held_out.table.labels)
        distances_to = distance_reference(part.molecules, annotation, seed, name)
        reference = reference_fingerprints(part.molecules, seed)
        write_model(folder, name, "teacher", predictor, thresholds, reference, annotation, curve, distances_to)
        write_json(folder / HELD_OUT, {"part": part.digest, "rows": rows.tolist()})

    inputs = {
        "part": part.digest,
        "model": {"kind": type(model).__name__, **plain(model)},
        "file": hash_file(Path(model.path)) if isinstance(model, PredictionsSpec) and Path(model.path).is_file() else "",
        "config": config if isinstance(model, NetworkSpec) else config.validation_share,
        "trainer": trainer_inputs(trainer),
        "annotation": annotation,
        "seed": seed,
        "quorum": settings.quorum,
    }
    return Stage("teacher", name, inputs, build, trainer.threads_for(config))
