"""Stage `student`: a model learns the consensus, and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet
from fluid.artifacts import plain
from fluid.data.dataset import Dataset
from fluid.errors import ConfigError
from fluid.federation.consensus_table import ConsensusTable
from fluid.federation.heads import check_sets
from fluid.federation.label_noise import look_up_confusions
from fluid.federation.lesson import lesson_of
from fluid.federation.model_folder import About, own_thresholds, reference_fingerprints, write_model
from fluid.federation.stages.student_checks import check_head, check_noise, check_released
from fluid.federation.stages.student_settings import StudentSettings
from fluid.federation.stages.student_spec import Teaching
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.pipeline.stage import Stage, Work
from fluid.training.kinds.kind import Fitting, kind_of, modules_of
from fluid.training.train import LoggerFactory, no_logger

MODULE = "federation/stages/student.py"


def consensus_thresholds(predictor: Predictor, molecules: MoleculeSet, soft_label: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` that best reproduce the class of soft labels `(M, T)` on the first 4,096 of given rows."""
    probe = rows[:4096]
    hard = np.where(np.isnan(soft_label[probe]), np.nan, soft_label[probe] >= 0.5)
    return own_thresholds(predictor, molecules.take(probe), hard)


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


def with_confusions(settings: StudentSettings, consensus: ConsensusTable) -> StudentSettings:
    """Return settings with the confusions of a consensus in the loss, where they are asked for and count."""
    if not kind_of(settings.model).has_weights or not settings.student.how.trains:
        return settings
    loss = look_up_confusions(settings.config.loss, consensus.confusions, consensus.endpoints, settings.student.labels)
    return replace(settings, config=replace(settings.config, loss=loss))


def deciding_inputs(settings: StudentSettings) -> Mapping[str, Any]:
    """Return what of the settings decides the result."""
    return {
        "student": settings.student,
        "model": {"kind": settings.model.kind, **plain(settings.model)},
        **kind_of(settings.model).decides(settings.model, settings.config),
        "trainer": settings.trainer.deciding(),
        "selection": settings.selection,
        "annotation": settings.annotation,
        "seed": settings.seed,
    }


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
    asked, student, edges = with_confusions(settings, consensus), settings.student, settings.annotation.edges
    sets = sets if student.reads_annotations else ()
    if student.reads_annotations:
        check_sets(sets, consensus, edges)
        check_released(student, sets)

    def build(folder: Path, work: Work) -> None:
        lesson, rows = lesson_of(consensus, transfer, student, asked.config.loss, asked.selection, asked.seed)
        how = (asked.config, asked.trainer, asked.seed, asked.annotation.mc_samples, logger, work.report, work.scratch)
        teaching = Teaching(Fitting("student", *how), student, asked.model, lesson, rows, sets, edges)
        predictor, curve, tables = student.how.fit(teaching)
        evaluated, probe = student.how.probe(predictor, teaching)
        thresholds = consensus_thresholds(evaluated, lesson.molecules, lesson.soft_label, probe)
        about = About("student", "student", thresholds, reference_fingerprints(lesson.molecules, asked.seed), asked.annotation)
        write_model(folder, predictor, about, curve)
        np.save(folder / "rows.npy", rows, allow_pickle=False)
        for name, table in tables.items():
            table.to_csv(folder / name, index=False)

    given = {"consensus": consensus.digest, "transfer": transfer.transfer_digest, "sets": sorted(one.digest for one in sets)}
    modules = (*student.modules, *modules_of(asked.model), *asked.config.loss.modules)
    threads = asked.trainer.threads_for(asked.config)
    return Stage("student", "student", {**given, **deciding_inputs(asked)}, build, MODULE, threads, modules=modules)
