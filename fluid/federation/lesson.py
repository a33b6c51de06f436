"""What of a consensus a student learns: which molecules, with which labels and weights."""

from collections.abc import Sequence

import numpy as np
import torch

from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection import score_name, select
from fluid.distillation.selection_spec import SelectionSpec
from fluid.distillation.targets import disagreement_variance, hard_class, scale_log_odds
from fluid.errors import ConfigError
from fluid.federation.consensus_table import DETAILS, ConsensusTable
from fluid.federation.stages.student_spec import StudentSpec
from fluid.molecules.nearest import NearestReference
from fluid.seeding import numpy_stream, torch_stream
from fluid.training.lesson import Lesson


def clusters_of(bits: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return a cluster for each molecule `(M,)`: the most similar of `n` molecules drawn at random (a Voronoi division)."""
    pivots = numpy_stream(seed, "selection", "clusters").permutation(len(bits))[:n]
    return NearestReference(np.asarray(bits[np.sort(pivots)])).nearest(bits, 1).rows[:, 0]


def select_rows(consensus: ConsensusTable, transfer: Dataset, selection: SelectionSpec, seed: int) -> np.ndarray:
    """Return the sorted rows of the transfer set that the student learns from.

    Raises:
        ConfigError: The consensus holds no acquisition scores, and the molecules are chosen by them.
    """
    soft_label, confidence = torch.tensor(consensus.soft_label), torch.tensor(consensus.confidence)
    acquisition = {name: torch.tensor(plane) for name, plane in consensus.acquisition.items()}
    if (score := score_name(selection.mode)) not in (None, "cluster", *acquisition):
        said = f"selection={selection.mode} needs the {score} of the consensus, which holds none"
        raise ConfigError(said, where=consensus.where, expected=f"one with details: {DETAILS}")
    if score == "cluster":
        acquisition["cluster"] = torch.from_numpy(clusters_of(transfer.molecules.bits, selection.clusters, seed))
    rows = select(selection.mode, soft_label, confidence, selection.n, torch_stream(seed, "selection"), acquisition, selection.fill)
    return np.sort(rows.numpy())


def loss_weight(consensus: ConsensusTable, rows: np.ndarray, selection: SelectionSpec) -> np.ndarray:
    """Return the loss weights of some rows, `(M, T)`: `confidence ** a · coverage ** b` with a mean of 1 per endpoint.

    Raises:
        ConfigError: The consensus holds no coverage, and `b` is not 0.
    """
    weight = confidence_weight(consensus.confidence[rows], selection.confidence_power)
    if selection.coverage_power == 0:
        return weight
    if "coverage" not in consensus.acquisition:
        raise ConfigError("the consensus holds no coverage", where=consensus.where, expected=f"one made by this version: {DETAILS}")
    return confidence_weight(weight * consensus.acquisition["coverage"][rows, None] ** selection.coverage_power, 1.0)


def confidence_weight(confidence: np.ndarray, power: float) -> np.ndarray:
    """Return loss weights `confidence ** power`, scaled to a mean of 1 per endpoint; all 1 where the mean is 0."""
    weight = confidence.astype(np.float64) ** power
    mean = weight.mean(axis=0, keepdims=True) if len(weight) else np.ones((1, weight.shape[1]))
    return np.where(mean > 0, weight / np.where(mean > 0, mean, 1), 1).astype(np.float32)


def teachers_variance(consensus: ConsensusTable) -> np.ndarray:
    """Return the variance between teachers behind each soft label of a value, `(M, T)`; it is in the confidence."""
    return disagreement_variance(torch.tensor(consensus.soft_label), torch.tensor(consensus.confidence)).numpy()


def sharpened_labels(soft_label: np.ndarray, endpoints: Sequence[Endpoint], factor: float) -> np.ndarray:
    """Return soft labels with sharpened probabilities; values stay."""
    if factor == 1:
        return soft_label
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    sharp = soft_label.copy()
    sharp[:, is_class] = scale_log_odds(torch.tensor(soft_label[:, is_class]), factor).numpy()
    return sharp


def hard_labels(soft_label: np.ndarray, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return soft labels with classes in the place of probabilities; values stay."""
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    hard = soft_label.copy()
    hard[:, is_class] = hard_class(torch.tensor(soft_label[:, is_class])).numpy()
    return hard


def lesson_of(
    consensus: ConsensusTable, transfer: Dataset, student: StudentSpec, loss: LossSpec, selection: SelectionSpec, seed: int
) -> tuple[Lesson, np.ndarray]:
    """Return what a student is taught, and which rows of the transfer set that is."""
    rows = select_rows(consensus, transfer, selection, seed)
    confidence, endpoints = consensus.confidence[rows], consensus.endpoints
    variance = teachers_variance(consensus)[rows] if loss.needs_variance else None
    soft_label = sharpened_labels(consensus.soft_label[rows], endpoints, student.sharpen)
    soft_label = hard_labels(soft_label, endpoints) if student.labels == "hard" else soft_label
    weight = loss_weight(consensus, rows, selection)
    return Lesson(transfer.molecules.take(rows), soft_label, confidence, weight, variance, endpoints), rows
