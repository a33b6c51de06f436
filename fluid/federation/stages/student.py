"""Stage `student`: a network learns the consensus, and nothing else."""

from pathlib import Path

import numpy as np
import torch

from fluid.artifacts import Artifact
from fluid.distillation.selection import select
from fluid.federation.consensus_table import ConsensusTable
from fluid.federation.model_folder import own_thresholds, reference_fingerprints, write_model
from fluid.federation.part import Part
from fluid.federation.spec import AnnotationSpec, SelectionSpec
from fluid.federation.stage import Stage, Work
from fluid.federation.stages.teacher import MakeLogger, finished, no_logger, trainer_inputs
from fluid.models.predictor import NetworkSpec, Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import torch_stream
from fluid.training.recipe import Recipe, TrainerSpec
from fluid.training.train import Job, train_student


def select_rows(consensus: ConsensusTable, selection: SelectionSpec, seed: int) -> np.ndarray:
    """Return the sorted rows of the transfer set that the student learns from."""
    soft_label, confidence = torch.tensor(consensus.soft_label), torch.tensor(consensus.confidence)
    rows = select(selection.mode, soft_label, confidence, selection.n, torch_stream(seed, "selection"))
    return np.sort(rows.numpy())


def confidence_weight(confidence: np.ndarray, power: float) -> np.ndarray:
    """Return loss weights `confidence ** power`, scaled to a mean of 1 per endpoint; all 1 where the mean is 0."""
    weight = confidence.astype(np.float64) ** power
    mean = weight.mean(axis=0, keepdims=True) if len(weight) else np.ones((1, weight.shape[1]))
    return np.where(mean > 0, weight / np.where(mean > 0, mean, 1), 1).astype(np.float32)


def consensus_thresholds(predictor: Predictor, molecules: MoleculeSet, soft_label: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` that best reproduce the class of soft labels `(M, T)` on the first 4,096 molecules."""
    probe = np.arange(min(len(molecules), 4096))
    hard = np.where(np.isnan(soft_label[probe]), np.nan, soft_label[probe] >= 0.5)
    return own_thresholds(predictor, molecules.take(probe), hard)


def student_stage(
    artifact: Artifact,
    consensus: ConsensusTable,
    transfer: Part,
    model: NetworkSpec,
    recipe: Recipe,
    trainer: TrainerSpec,
    selection: SelectionSpec,
    annotation: AnnotationSpec,
    seed: int,
    logger: MakeLogger = no_logger,
) -> Stage:
    """Describe the distillation of a student from a consensus over a transfer set.

    Without measured labels, the student's own decision threshold is the one that best reproduces the consensus class
    (soft label of at least 0.5).
    """

    def build(folder: Path, work: Work) -> None:
        rows = select_rows(consensus, selection, seed)
        molecules, soft_label = transfer.molecules.take(rows), consensus.soft_label[rows]
        weight = confidence_weight(consensus.confidence[rows], selection.confidence_power)
        job = Job("student", model, recipe, trainer, seed, logger, work.report, work.scratch)
        trained = train_student(job, molecules, soft_label, weight, consensus.endpoints)
        predictor = finished(trained, annotation)
        thresholds = consensus_thresholds(predictor, molecules, soft_label)
        write_model(folder, "student", "student", predictor, thresholds, reference_fingerprints(molecules, seed), annotation, trained.curve)
        np.save(folder / "rows.npy", rows, allow_pickle=False)

    inputs = {
        "consensus": artifact.digest,
        "transfer": transfer.transfer_digest,
        "model": model,
        "recipe": recipe,
        "trainer": trainer_inputs(trainer),
        "selection": selection,
        "annotation": annotation,
        "seed": seed,
    }
    return Stage("student", "student", inputs, build, trainer.threads_for(recipe))
