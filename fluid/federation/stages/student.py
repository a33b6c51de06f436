"""Stage `student`: a model learns the consensus, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import plain
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.distillation.selection import score_name, select
from fluid.distillation.selection_spec import SelectionSpec
from fluid.distillation.targets import disagreement_variance, hard_class, sharpened
from fluid.errors import ConfigError, QuorumError
from fluid.federation.consensus_table import ConsensusTable
from fluid.federation.heads import by_head, check_sets, taught
from fluid.federation.label_noise import looked_up
from fluid.federation.model_folder import own_thresholds, reference_fingerprints, write_model
from fluid.federation.stages.student_checks import check_head, check_noise
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.stages.teacher import MakeLogger, finished, no_logger, trainer_inputs
from fluid.models.blend import Blend
from fluid.models.forest import ForestPredictor
from fluid.models.heads import HeadsPredictor, head_endpoints
from fluid.models.neighbours import NeighbourPredictor
from fluid.models.predictor import ForestSpec, NetworkSpec, Predictor, StudentModel
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import NearestReference
from fluid.pipeline.stage import Stage, Work
from fluid.seeding import derive_seed, numpy_stream, torch_stream
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.gate import chosen_blend
from fluid.training.train import Job, held_out_rows, train_heads, train_student


class Lesson(NamedTuple):
    """What a student is taught.

    Attributes:
        molecules: `M` transfer molecules.
        soft_label: What is learnt of them, `(M, T)`.
        confidence: How sure that is, `(M, T)`.
        weight: Weight of each in the loss, `(M, T)`.
        variance: Variance of each soft label `(M, T)`, or `None` where the loss needs none.
        endpoints: The `T` endpoints.
    """

    molecules: MoleculeSet
    soft_label: np.ndarray
    confidence: np.ndarray
    weight: np.ndarray
    variance: np.ndarray | None
    endpoints: tuple[Endpoint, ...]

    def take(self, rows: np.ndarray) -> "Lesson":
        """Return a part of the lesson."""
        variance = None if self.variance is None else self.variance[rows]
        soft_label, confidence, weight = (plane[rows] for plane in (self.soft_label, self.confidence, self.weight))
        return Lesson(self.molecules.take(rows), soft_label, confidence, weight, variance, self.endpoints)


def clusters_of(bits: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Return a cluster for each molecule `(M,)`: the most similar of `n` molecules drawn at random (a Voronoi division)."""
    pivots = numpy_stream(seed, "selection", "clusters").permutation(len(bits))[:n]
    return NearestReference(np.asarray(bits[np.sort(pivots)])).nearest(bits, 1).rows[:, 0]


def select_rows(consensus: ConsensusTable, transfer: Dataset, selection: SelectionSpec, seed: int) -> np.ndarray:
    """Return the sorted rows of the transfer set that the student learns from."""
    soft_label, confidence = torch.tensor(consensus.soft_label), torch.tensor(consensus.confidence)
    acquisition = {name: torch.tensor(plane) for name, plane in consensus.acquisition.items()}
    if score_name(selection.mode) == "cluster":
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
        raise ConfigError("the consensus holds no coverage", expected="one made by this version", remedy="Make the consensus again.")
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
    sharp[:, is_class] = sharpened(torch.tensor(soft_label[:, is_class]), factor).numpy()
    return sharp


def hard_labels(soft_label: np.ndarray, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return soft labels with classes in the place of probabilities; values stay."""
    is_class = np.array([endpoint.kind == "classification" for endpoint in endpoints])
    hard = soft_label.copy()
    hard[:, is_class] = hard_class(torch.tensor(soft_label[:, is_class])).numpy()
    return hard


def lesson_of(
    consensus: ConsensusTable,
    transfer: Dataset,
    selection: SelectionSpec,
    config: TrainingConfig,
    sharpen: float,
    seed: int,
    labels: str = "soft",
) -> tuple[Lesson, np.ndarray]:
    """Return what a student is taught, and which rows of the transfer set that is."""
    rows = select_rows(consensus, transfer, selection, seed)
    confidence, endpoints = consensus.confidence[rows], consensus.endpoints
    variance = teachers_variance(consensus)[rows] if config.loss.values == "heteroscedastic" else None
    soft_label = sharpened_labels(consensus.soft_label[rows], endpoints, sharpen)
    soft_label = hard_labels(soft_label, endpoints) if labels == "hard" else soft_label
    weight = loss_weight(consensus, rows, selection)
    return Lesson(transfer.molecules.take(rows), soft_label, confidence, weight, variance, endpoints), rows


def neighbours_of(lesson: Lesson, student: StudentSpec) -> NeighbourPredictor:
    """Return the lesson itself as a model."""
    bits = np.asarray(lesson.molecules.bits)
    return NeighbourPredictor(bits, lesson.soft_label, lesson.confidence, lesson.endpoints, student.neighbours)


def forest_of(lesson: Lesson, spec: ForestSpec, seed: int, n_jobs: int) -> ForestPredictor:
    """Return a forest that learnt a lesson."""
    return ForestPredictor.distil(lesson.molecules, lesson.soft_label, lesson.weight, lesson.endpoints, spec, seed, n_jobs)


def blend_of(network: Predictor, lesson: Lesson, job: Job, student: StudentSpec) -> Blend:
    """Return network and nearest neighbours as one, with shares chosen on the held-out part of the lesson.

    While shares are chosen, held-out molecules are nobody's neighbours; afterwards they are.

    Raises:
        QuorumError: Nothing was held out.
    """
    learnt, held_out = (lesson.take(rows) for rows in held_out_rows(job, len(lesson.molecules)))
    if not len(held_out.molecules):
        raise QuorumError("a blend has no held-out molecules", expected="some", remedy="Raise training.student.validation_share.")
    nearest = neighbours_of(learnt, student)
    blend = chosen_blend(nearest, network, nearest.bits, held_out.molecules, held_out.soft_label)
    everything = neighbours_of(lesson, student)
    return replace(blend, local=everything, bits=everything.bits)


def heads_of(
    lesson: Lesson, rows: np.ndarray, sets: Sequence[AnnotationSet], job: Job, student: StudentSpec, annotation: AnnotationSpec
) -> tuple[Predictor, tuple[CurvePoint, ...]]:
    """Return a network with one head per teacher that was taught what each said of the lesson's molecules, and its learning curve.

    Args:
        lesson: Molecules, and the weights of their endpoints in the loss.
        rows: Their rows in the transfer set.
        sets: The annotation sets of all teachers.
        job: Architecture, config, seed.
        student: Sharpness of labels and gate, weight of domain scores.
        annotation: Edges of the domain score, dropout samples.
    """
    said = taught(sets, annotation.edges, rows)
    columns = head_endpoints(lesson.endpoints, said.answered)
    answers = sharpened_labels(said.answers, columns[: said.answers.shape[1]], student.sharpen)
    variance = said.variance if job.config.loss.values == "heteroscedastic" else None
    weight = by_head(lesson.weight, said.answered)
    trained = train_heads(job, lesson.molecules, answers, weight, said.domain, columns, student.heads.domain_weight, variance)
    network = trained.predictor.with_mc_samples(annotation.mc_samples)
    return HeadsPredictor(network, said.teachers, lesson.endpoints, said.answered, student.heads.power), trained.curve


def without_held_out(predictor: Predictor, lesson: Lesson, job: Job, student: StudentSpec) -> tuple[Predictor, np.ndarray]:
    """Return the model as it would be without the held-out molecules among its neighbours, and these molecules' rows.

    Where nothing was held out, or nothing is a neighbour, the model itself and all rows.
    """
    learnt, held_out = held_out_rows(job, len(lesson.molecules))
    everything = np.arange(len(lesson.molecules))
    if not len(held_out) or not isinstance(predictor, NeighbourPredictor | Blend):
        return predictor, everything
    nearest = neighbours_of(lesson.take(learnt), student)
    return (nearest if isinstance(predictor, NeighbourPredictor) else replace(predictor, local=nearest, bits=nearest.bits)), held_out


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


def student_stage(
    consensus: ConsensusTable,
    transfer: Dataset,
    settings: StudentSettings,
    logger: MakeLogger = no_logger,
    sets: Sequence[AnnotationSet] = (),
) -> Stage:
    """Describe the distillation of a student from a consensus over a transfer set.

    Without measured labels, the student's own decision threshold is the one that best reproduces the consensus class
    (soft label of at least 0.5). A forest learns from the whole lesson; of the config it takes nothing. Only a student of heads
    also reads the annotation `sets` behind the consensus.

    Raises:
        ConfigError: A blend or heads are asked for, and the model is a forest; a student of heads is given no annotation sets, or
            not those behind the consensus; an evidential head would learn what it cannot; or the confusion of the consensus' labels is
            asked for and is not known.
    """
    student, model, config, trainer = settings.student, settings.model, settings.config, settings.trainer
    selection, annotation, seed = settings.selection, settings.annotation, settings.seed
    check_head(model, student.mode, config.loss)
    check_noise(config.loss, student, selection)
    if isinstance(model, NetworkSpec) and student.mode != "nearest":
        config = replace(config, loss=looked_up(config.loss, consensus.confusions, consensus.endpoints, student.labels))
    if isinstance(model, ForestSpec) and student.mode in ("blend", "heads"):
        raise ConfigError(
            f"distillation={student.mode} needs a network as general model", remedy="Choose distillation=network, or another model."
        )
    sets = sets if student.mode == "heads" else ()
    if student.mode == "heads":
        check_sets(sets, consensus, annotation.edges)

    def fit(job: Job, lesson: Lesson, rows: np.ndarray) -> tuple[Predictor, tuple[CurvePoint, ...]]:
        if student.mode == "nearest":
            return neighbours_of(lesson, student), ()
        if student.mode == "heads":
            return heads_of(lesson, rows, sets, job, student, annotation)
        if isinstance(model, ForestSpec):
            return forest_of(lesson, model, derive_seed(seed, "student"), trainer.threads_for(config)), ()
        trained = train_student(job, lesson.molecules, lesson.soft_label, lesson.weight, lesson.endpoints, lesson.variance)
        network = finished(trained, annotation)
        return (blend_of(network, lesson, job, student) if student.mode == "blend" else network), trained.curve

    def build(folder: Path, work: Work) -> None:
        lesson, rows = lesson_of(consensus, transfer, selection, config, student.sharpen, seed, student.labels)
        network = model if isinstance(model, NetworkSpec) else NetworkSpec()  # of a forest, and of neighbours, the job trains nothing
        job = Job("student", network, config, trainer, seed, logger, work.report, work.scratch)
        predictor, curve = fit(job, lesson, rows)
        evaluated, probe = without_held_out(predictor, lesson, job, student)
        thresholds = consensus_thresholds(evaluated, lesson.molecules, lesson.soft_label, probe)
        reference = reference_fingerprints(lesson.molecules, seed)
        write_model(folder, "student", "student", predictor, thresholds, reference, annotation, curve)
        np.save(folder / "rows.npy", rows, allow_pickle=False)

    inputs = {
        "consensus": consensus.digest,
        "transfer": transfer.transfer_digest,
        "student": student,
        "model": {"kind": type(model).__name__, **plain(model)},
        "config": config if isinstance(model, NetworkSpec) else config.validation_share,
        "trainer": trainer_inputs(trainer),
        "selection": selection,
        "annotation": annotation,
        "seed": seed,
        "sets": sorted(annotations.digest for annotations in sets),
    }
    return Stage("student", "student", inputs, build, trainer.threads_for(config))
