"""Stage `student`: a model learns the consensus, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import plain
from fluid.data.dataset import Dataset
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.federation.consensus_table import ConsensusTable
from fluid.federation.heads import check_sets
from fluid.federation.label_noise import look_up_confusions
from fluid.federation.lesson import lesson_of
from fluid.federation.model_folder import About, own_thresholds, reference_fingerprints, write_model
from fluid.federation.stages.student_checks import check_head, check_noise
from fluid.federation.stages.student_spec import StudentSpec, Teaching
from fluid.models.predictor import Predictor, StudentModel
from fluid.molecules.molecule_set import MoleculeSet
from fluid.pipeline.stage import Stage, Work
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.kinds.kind import Fitting, kind_of, modules_of
from fluid.training.train import LoggerFactory, no_logger


def consensus_thresholds(predictor: Predictor, molecules: MoleculeSet, soft_label: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` that best reproduce the class of soft labels `(M, T)` on the first 4,096 of given rows."""
    probe = rows[:4096]
    hard = np.where(np.isnan(soft_label[probe]), np.nan, soft_label[probe] >= 0.5)
    return own_thresholds(predictor, molecules.take(probe), hard)


@dataclass(frozen=True, slots=True)
class StudentSettings:
    """How a student is distilled.

    Attributes:
        student: What kind of model learns the consensus.
        model: Its architecture, or a forest.
        config: Optimisation of a network.
        trainer: Hardware.
        selection: Which molecules it learns from.
        annotation: Domain-score and dropout settings.
        seed: The experiment's seed.
    """

    student: StudentSpec
    model: StudentModel
    config: TrainingConfig
    trainer: TrainerSpec
    selection: SelectionSpec
    annotation: AnnotationSpec
    seed: int

    def with_confusions(self, consensus: ConsensusTable) -> "StudentSettings":
        """Return the same with the confusions of a consensus in the loss, where they are asked for and count."""
        if not kind_of(self.model).has_weights or not self.student.how.trains:
            return self
        loss = look_up_confusions(self.config.loss, consensus.confusions, consensus.endpoints, self.student.labels)
        return replace(self, config=replace(self.config, loss=loss))

    def inputs(self) -> Mapping[str, Any]:
        """Return what of the settings decides the result."""
        return {
            "student": self.student,
            "model": {"kind": self.model.kind, **plain(self.model)},
            **kind_of(self.model).decides(self.model, self.config),
            "trainer": self.trainer.deciding(),
            "selection": self.selection,
            "annotation": self.annotation,
            "seed": self.seed,
        }


def check_student_settings(settings: StudentSettings) -> None:
    """Refuse what a student cannot learn.

    Raises:
        ConfigError: The mode needs a network, and the model is none; an evidential head would learn what it cannot; or the confusion of the
            consensus' labels is asked for, and is not that of what is learnt.
    """
    student, loss = settings.student, settings.config.loss
    check_head(settings.model, student.mode, loss)
    check_noise(loss, student, settings.selection)
    if student.how.needs_weights and not kind_of(settings.model).has_weights:
        raise ConfigError(
            f"distillation={student.mode} needs a network as general model", remedy="Choose distillation=network, or another model."
        )


def student_stage(
    consensus: ConsensusTable,
    transfer: Dataset,
    settings: StudentSettings,
    logger: LoggerFactory = no_logger,
    sets: Sequence[AnnotationSet] = (),
) -> Stage:
    """Describe the distillation of a student from a consensus over a transfer set.

    Without measured labels, the student's own decision threshold is the one that best reproduces the consensus class
    (soft label of at least 0.5). Only a mode that reads them is given the annotation `sets` behind the consensus.

    Raises:
        ConfigError: The student is asked for what it cannot learn; a student of heads is given no annotation sets, or not those behind the
            consensus; or the confusion of the consensus' labels is asked for and is not known.
    """
    check_student_settings(settings)
    asked, student, edges = settings.with_confusions(consensus), settings.student, settings.annotation.edges
    sets = sets if student.reads_annotations else ()
    if student.reads_annotations:
        check_sets(sets, consensus, edges)

    def build(folder: Path, work: Work) -> None:
        lesson, rows = lesson_of(consensus, transfer, student, asked.config.loss, asked.selection, asked.seed)
        how = (asked.config, asked.trainer, asked.seed, asked.annotation.mc_samples, logger, work.report, work.scratch)
        teaching = Teaching(Fitting("student", *how), student, asked.model, lesson, rows, sets, edges)
        predictor, curve = student.how.fit(teaching)
        evaluated, probe = student.how.probe(predictor, teaching)
        thresholds = consensus_thresholds(evaluated, lesson.molecules, lesson.soft_label, probe)
        about = About("student", "student", thresholds, reference_fingerprints(lesson.molecules, asked.seed), asked.annotation)
        write_model(folder, predictor, about, curve)
        np.save(folder / "rows.npy", rows, allow_pickle=False)

    given = {"consensus": consensus.digest, "transfer": transfer.transfer_digest, "sets": sorted(one.digest for one in sets)}
    modules = (*student.modules, *modules_of(asked.model), *asked.config.loss.modules)
    threads = asked.trainer.threads_for(asked.config)
    return Stage("student", "student", {**given, **asked.inputs()}, build, threads, modules=modules)
