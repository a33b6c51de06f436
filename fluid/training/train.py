"""Train teachers, students and hybrids: a seed ensemble of networks, calibrated on held-out rows.

Lightning is imported when a training begins: whoever only reads, annotates or predicts need not wait for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, QuorumError
from fluid.models.ensemble import GraphEnsemble
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import derive_seed, isolated, numpy_stream
from fluid.training.calibration import fit_temperature
from fluid.training.curve import CurvePoint
from fluid.training.loader import Examples
from fluid.training.recipe import Recipe, TrainerSpec
from fluid.training.validation_split import split_validation

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger

    from fluid.training.module import NetworkModule

LoggerFactory = Callable[[str], "Logger | None"]
Report = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What every training run needs besides its data.

    Attributes:
        name: Name of the model; also names its random streams (`pooled`, `T3`, `student`, `H3`).
        network: Architecture.
        recipe: Optimisation.
        trainer: Hardware.
        seed: The experiment's seed.
        logger: Makes a Lightning logger for a run name, or none.
        report: Called with the share of the work done.
        scratch: Folder for checkpoints, or none.
    """

    name: str
    network: NetworkSpec
    recipe: Recipe
    trainer: TrainerSpec
    seed: int
    logger: LoggerFactory = lambda _: None
    report: Report = lambda _: None
    scratch: Path | None = None


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained model and how it learnt."""

    predictor: GraphEnsemble
    curve: tuple[CurvePoint, ...]


def balanced_weights(labels: np.ndarray, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return weights `(M, T)` that give both classes of a classification endpoint the same total; 1 elsewhere.

    Weights average to 1 over the known labels of an endpoint.
    """
    weight = np.ones_like(labels, dtype=np.float32)
    for column, endpoint in enumerate(endpoints):
        values = labels[:, column]
        counts = [np.sum(values == label) for label in (0, 1)]
        if endpoint.kind == "classification" and min(counts) > 0:
            for label, count in enumerate(counts):
                weight[values == label, column] = sum(counts) / (2 * count)
    return weight


def label_scale(labels: np.ndarray, endpoints: Sequence[Endpoint]) -> tuple[np.ndarray, np.ndarray]:
    """Return location and scale `(T,)` of regression labels; 0 and 1 for classification."""
    location, scale = np.zeros(len(endpoints)), np.ones(len(endpoints))
    for column, endpoint in enumerate(endpoints):
        known = labels[np.isfinite(labels[:, column]), column]
        if endpoint.kind == "regression" and len(known):
            location[column], scale[column] = known.mean(), max(float(known.std()), 1e-6)
    return location.astype(np.float32), scale.astype(np.float32)


def scaled(examples: Examples, scaling: tuple[np.ndarray, np.ndarray]) -> Examples:
    """Return the examples with targets in units of the scale, from the location; `scaling` is that of `label_scale`."""
    location, scale = scaling
    return Examples(examples.graphs, ((examples.target - location) / scale).astype(np.float32), examples.weight)


def _report_member(report: Report, member: int, members: int, share: float) -> None:
    report((member + share) / members)


def _check_learnt(job: Job, network: Network, curve: Sequence[CurvePoint], validated: bool) -> None:
    """Refuse a network whose training went to infinity."""
    split = "validation" if validated else "train"
    judged = [point.loss for point in curve if point.split == split]
    finite = all(bool(torch.isfinite(value).all()) for value in network.parameters())
    if not finite or not np.isfinite(judged).any():
        raise ConfigError(
            f"the training of {job.name} diverged", expected="finite weights and losses", remedy="Lower training's learning_rate."
        )


def train_ensemble(
    job: Job,
    module_type: "type[NetworkModule]",
    endpoints: Sequence[Endpoint],
    train: Examples,
    validation: Examples,
    scaling: tuple[np.ndarray, np.ndarray],
    start: GraphEnsemble | None = None,
) -> Trained:
    """Train `job.recipe.members` networks, from scratch or from the members of `start`.

    Raises:
        QuorumError: There is no molecule to learn from.
        ConfigError: Training diverged, or asks for devices that are not there.
    """
    from fluid.training.fit import fit_network

    if not len(train):
        raise QuorumError(f"{job.name} has no molecule to learn from", expected="at least 1", remedy="Check the data and the selection.")
    networks: list[Network] = []
    curve: list[CurvePoint] = []
    location, scale = scaling
    train, validation = scaled(train, scaling), scaled(validation, scaling)
    members = job.recipe.members
    for member in range(members):
        seed = derive_seed(job.seed, job.name, member)
        with isolated(seed, "weights"):
            network = Network(job.network, tuple(endpoints))
        if start is not None:
            network.load_state_dict(start.networks[member % len(start.networks)].state_dict())
        run = f"{job.name}-{member}" if members > 1 else job.name
        points = fit_network(
            network, module_type, endpoints, train, validation, job.recipe, job.trainer, seed,
            job.logger(run), partial(_report_member, job.report, member, members),
            job.scratch / f"member_{member}" if job.scratch else None,
        )  # fmt: skip
        _check_learnt(job, network, points, len(validation) > 0)
        curve += points
        networks.append(network.eval())
    ones = np.ones(len(endpoints), dtype=np.float32)
    return Trained(GraphEnsemble(tuple(networks), tuple(endpoints), ones, location=location, scale=scale), tuple(curve))


def calibrated(predictor: GraphEnsemble, molecules: MoleculeSet, labels: np.ndarray) -> GraphEnsemble:
    """Return the ensemble with one temperature per classification endpoint, learnt on held-out labels."""
    temperature = np.ones(len(predictor.endpoints), dtype=np.float32)
    probs = np.clip(predictor.predict(molecules).mean.astype(np.float64), 1e-7, 1 - 1e-7)
    for column, endpoint in enumerate(predictor.endpoints):
        if endpoint.kind == "classification":
            temperature[column] = fit_temperature(np.log(probs[:, column] / (1 - probs[:, column])), labels[:, column])
    return predictor.with_temperature(temperature)


@dataclass(frozen=True, slots=True)
class OwnExamples:
    """A private split, divided into what is learnt from and what decides when to stop.

    Attributes:
        train: Training examples with their loss weights.
        held_out: Validation examples.
        rows: Row indices of both in the private split.
    """

    train: Examples
    held_out: Examples
    rows: tuple[np.ndarray, np.ndarray]


def own_examples(
    name: str, seed: int, recipe: Recipe, molecules: MoleculeSet, labels: np.ndarray, endpoints: Sequence[Endpoint]
) -> OwnExamples:
    """Divide a private split of `M` molecules with labels `(M, T)`; the division depends on seed and name of its owner only."""
    rows = split_validation(labels, recipe.validation_share, numpy_stream(seed, name, "validation"))
    weight = balanced_weights(labels, endpoints) if recipe.balance else np.ones_like(labels)
    examples = Examples(molecules.graphs, labels, weight)
    return OwnExamples(examples.take(rows[0]), examples.take(rows[1]), rows)


def train_teacher(
    job: Job,
    molecules: MoleculeSet,
    labels: np.ndarray,
    endpoints: Sequence[Endpoint],
    start: GraphEnsemble | None = None,
    owner: str = "",
) -> Trained:
    """Train on measured labels with the company's own validation part; from `start` this fine-tunes (a hybrid).

    Args:
        job: Name, architecture, recipe, seed.
        molecules: `M` molecules of the private split.
        labels: `(M, T)` measured labels, NaN missing.
        endpoints: The `T` endpoints.
        start: Ensemble whose weights to start from.
        owner: Whose validation part is kept aside, if the job has another name: no training of one company may use its validation rows.
    """
    from fluid.training.module import TeacherModule

    own = own_examples(owner or job.name, job.seed, job.recipe, molecules, labels, endpoints)
    scaling = (start.location, start.scale) if start else label_scale(own.train.target, endpoints)
    trained = train_ensemble(job, TeacherModule, endpoints, own.train, own.held_out, scaling, start)
    held_out = own.rows[1]
    if not len(held_out):
        return trained
    return Trained(calibrated(trained.predictor, molecules.take(held_out), labels[held_out]), trained.curve)


def train_student(
    job: Job,
    molecules: MoleculeSet,
    soft_label: np.ndarray,
    weight: np.ndarray,
    endpoints: Sequence[Endpoint],
    start: GraphEnsemble | None = None,
) -> Trained:
    """Distil a consensus: soft labels `(M, T)` with weights `(M, T)`; a held-out part of it decides when to stop.

    From `start` its networks go on learning, with the scale of their values.
    """
    from fluid.training.module import StudentModule

    train, held_out = split_validation(
        np.full_like(soft_label, np.nan), job.recipe.validation_share, numpy_stream(job.seed, job.name, "validation")
    )
    examples = Examples(molecules.graphs, soft_label, weight)
    scaling = (start.location, start.scale) if start else label_scale(soft_label, endpoints)
    return train_ensemble(job, StudentModule, endpoints, examples.take(train), examples.take(held_out), scaling, start)


def train_concatenated(
    job: Job,
    molecules: MoleculeSet,
    labels: np.ndarray,
    public: MoleculeSet,
    soft_label: np.ndarray,
    weight: np.ndarray,
    endpoints: Sequence[Endpoint],
) -> Trained:
    """Train a hybrid from scratch on a private split and the consensus together; validated and calibrated on private rows."""
    from fluid.training.module import TeacherModule

    rows = split_validation(labels, job.recipe.validation_share, numpy_stream(job.seed, job.name, "validation"))
    own_weight = balanced_weights(labels, endpoints) if job.recipe.balance else np.ones_like(labels)
    own = Examples(molecules.graphs, labels, own_weight)
    both = Examples(
        own.graphs.take(rows[0]).concatenate([public.graphs]),
        np.concatenate([labels[rows[0]], soft_label]),
        np.concatenate([own_weight[rows[0]], weight]),
    )
    trained = train_ensemble(job, TeacherModule, endpoints, both, own.take(rows[1]), label_scale(both.target, endpoints))
    return Trained(calibrated(trained.predictor, molecules.take(rows[1]), labels[rows[1]]), trained.curve)
