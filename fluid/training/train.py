"""Train teachers, students and hybrids: a seed ensemble of networks, calibrated on held-out rows.

Lightning is imported when a training begins: whoever only reads, annotates or predicts need not wait for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

import numpy as np
import torch

from fluid.data.censoring import find_bounds
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, QuorumError
from fluid.models.count_network import CountNetwork
from fluid.models.ensemble import GraphEnsemble
from fluid.models.joint import JointEnsemble
from fluid.models.network import Network
from fluid.models.predictor import NetworkSpec, Predictor
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import derive_seed, isolate, numpy_stream
from fluid.training.calibration import fit_temperature
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.loader import Examples
from fluid.training.validation_split import split_validation

if TYPE_CHECKING:
    from lightning.pytorch.loggers import Logger
    from scipy.sparse import csr_matrix

    from fluid.training.module import MakeModule

LoggerFactory = Callable[[str], "Logger | None"]
Report = Callable[[float], None]


def no_logger(_: str) -> "Logger | None":
    """Log nowhere."""
    return None


class Named(Protocol):
    """Whatever has a name and a seed, and so streams of its own, and holds molecules out."""

    @property
    def name(self) -> str:
        """Name of the model."""

    @property
    def config(self) -> TrainingConfig:
        """Optimisation, of which the share of molecules held out counts."""

    @property
    def seed(self) -> int:
        """The experiment's seed."""


@dataclass(frozen=True, slots=True)
class Job:
    """What every training run needs besides its data.

    Attributes:
        name: Name of the model; also names its random streams (`pooled`, `T3`, `student`, `H3`).
        network: Architecture.
        config: Optimisation.
        trainer: Hardware.
        seed: The experiment's seed.
        logger: Makes a Lightning logger for a run name, or none.
        report: Called with the share of the work done.
        scratch: Folder for checkpoints, or none.
        whole: What reads counts of substructures too, and of which `network` is a part; `None`: a network on graphs alone.
    """

    name: str
    network: NetworkSpec
    config: TrainingConfig
    trainer: TrainerSpec
    seed: int
    logger: LoggerFactory = no_logger
    report: Report = lambda _: None
    scratch: Path | None = None
    whole: WideDeepSpec | None = None

    def counts(self, molecules: MoleculeSet) -> "csr_matrix | None":
        """Return the features of substructures that the networks read beside graphs; `None`: they read none."""
        return self.whole.additive.dictionary.features(molecules) if self.whole else None

    def new_network(self, endpoints: Sequence[Endpoint], train: Examples) -> Network:
        """Return a network with new weights that is to learn from examples."""
        if self.whole is None:
            return Network(self.network, tuple(endpoints))
        network = CountNetwork(self.whole, tuple(endpoints))
        network.labels = max(1, int(np.isfinite(train.target).sum()))
        return network


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
    """Return location and scale `(T,)` of regression labels; 0 and 1 for classification.

    Labels that are bounds count as they stand: this only brings numbers to a common size, and the loss tells bounds from values.
    """
    location, scale = np.zeros(len(endpoints)), np.ones(len(endpoints))
    for column, endpoint in enumerate(endpoints):
        known = labels[np.isfinite(labels[:, column]), column]
        if endpoint.kind == "regression" and len(known):
            location[column], scale[column] = known.mean(), max(float(known.std()), 1e-6)
    return location.astype(np.float32), scale.astype(np.float32)


def _report_member(report: Report, member: int, members: int, share: float) -> None:
    report((member + share) / members)


def _check_learnt(job: Job, network: Network, curve: Sequence[CurvePoint], validated: bool) -> None:
    """Refuse a network whose training went to infinity."""
    split = "validation" if validated else "train"
    evaluated = [point.loss for point in curve if point.split == split]
    finite = all(bool(torch.isfinite(value).all()) for value in network.parameters())
    if not finite or not np.isfinite(evaluated).any():
        raise ConfigError(
            f"the training of {job.name} diverged", expected="finite weights and losses", remedy="Lower training's learning_rate."
        )


def train_ensemble(
    job: Job,
    make_module: "MakeModule",
    endpoints: Sequence[Endpoint],
    train: Examples,
    validation: Examples,
    scaling: tuple[np.ndarray, np.ndarray],
    start: GraphEnsemble | None = None,
) -> Trained:
    """Train `job.config.members` networks, from scratch or from the members of `start`.

    Raises:
        QuorumError: There is no molecule to learn from.
        ConfigError: Training diverged, or asks for devices that are not there.
    """
    from fluid.training.fit import Fit, fit_network

    if not len(train):
        raise QuorumError(f"{job.name} has no molecule to learn from", expected="at least 1", remedy="Check the data and the selection.")
    networks: list[Network] = []
    curve: list[CurvePoint] = []
    location, scale = scaling
    train, validation = (part.scaled(location, scale) for part in (train, validation))
    members = job.config.members
    for member in range(members):
        seed = derive_seed(job.seed, job.name, member)
        with isolate(seed, "weights"):
            network = job.new_network(endpoints, train)
        if start is not None:
            begin_from(network, start.networks[member % len(start.networks)], job.config.fine_tuning.frozen)
        run = f"{job.name}-{member}" if members > 1 else job.name
        fit = Fit(network, make_module, endpoints, train, validation, job.config, job.trainer, seed)
        report = partial(_report_member, job.report, member, members)
        points = fit_network(fit, job.logger(run), report, job.scratch / f"member_{member}" if job.scratch else None)
        _check_learnt(job, network, points, len(validation) > 0)
        curve += points
        networks.append(network.eval())
    ones = np.ones(len(endpoints), dtype=np.float32)
    ensemble = JointEnsemble if job.whole else GraphEnsemble
    return Trained(ensemble(tuple(networks), tuple(endpoints), ones, location=location, scale=scale), tuple(curve))


def begin_from(network: Network, start: Network, new_head: bool) -> None:
    """Give a network the weights of another, or only those of its encoder."""
    if new_head:
        network.encoder.load_state_dict(start.encoder.state_dict())
    else:
        network.load_state_dict(start.state_dict())


class Calibrated(Predictor, Protocol):
    """A predictor that divides log-odds by temperatures."""

    def with_temperature(self, temperature: np.ndarray) -> Self:
        """Return the predictor with other temperatures `(T,)`."""


Model = TypeVar("Model", bound=Calibrated)


def calibrate(predictor: Model, molecules: MoleculeSet, labels: np.ndarray) -> Model:
    """Return the predictor, whose temperatures are 1, with one per classification endpoint, learnt on held-out labels."""
    temperature = np.ones(len(predictor.endpoints), dtype=np.float32)
    probs = np.clip(predictor.predict(molecules).mean.astype(np.float64), 1e-7, 1 - 1e-7)
    for column, endpoint in enumerate(predictor.endpoints):
        if endpoint.kind == "classification":
            temperature[column] = fit_temperature(np.log(probs[:, column] / (1 - probs[:, column])), labels[:, column])
    return predictor.with_temperature(temperature)


Rows = tuple[np.ndarray, np.ndarray]


def own_rows(job: Named, labels: np.ndarray, skeletons: Sequence[str] = ()) -> Rows:
    """Return the rows of measured labels `(M, T)` that a model learns from, and those of the company's own validation part.

    With the molecules' skeletons, stereo-isomers stay together.
    """
    return split_validation(labels, job.config.validation_share, numpy_stream(job.seed, job.name, "validation"), skeletons)


def train_teacher(
    job: Job,
    molecules: MoleculeSet,
    labels: np.ndarray,
    endpoints: Sequence[Endpoint],
    start: GraphEnsemble | None = None,
    soft_label: np.ndarray | None = None,
    rows: Rows | None = None,
    censored: np.ndarray | None = None,
) -> Trained:
    """Train on measured labels with the company's own validation part; from `start` this fine-tunes (a hybrid).

    Args:
        job: Name, architecture, config, seed.
        molecules: `M` molecules of the private split.
        labels: `(M, T)` measured labels, NaN missing.
        endpoints: The `T` endpoints.
        start: Ensemble whose weights to start from.
        soft_label: What a student says of the same molecules, `(M, T)`, to learn beside the labels; `config.fine_tuning` has the shares.
        rows: Training and validation rows; default: the job's own.
        censored: Which labels are bounds `(M, T)`, as in `MoleculeTable`; they are learnt by their likelihood.
    """
    from fluid.training.module import StudentModule, TeacherModule

    rows = own_rows(job, labels, molecules.skeletons) if rows is None else rows
    weight = balanced_weights(labels, endpoints) if job.config.balance else np.ones_like(labels)
    hard = None if soft_label is None else labels
    target = labels if soft_label is None else soft_label
    examples = Examples(molecules.graphs, target, weight, hard, censored=find_bounds(censored), counts=job.counts(molecules))
    train, validation = (examples.take(part) for part in rows)
    scaling = (start.location, start.scale) if start else label_scale(labels[rows[0]], endpoints)
    trained = train_ensemble(job, TeacherModule if soft_label is None else StudentModule, endpoints, train, validation, scaling, start)
    if not len(rows[1]):
        return trained
    return Trained(calibrate(trained.predictor, molecules.take(rows[1]), labels[rows[1]]), trained.curve)


def held_out_rows(job: Named, molecules: MoleculeSet) -> Rows:
    """Return the rows of a lesson that a student learns from, and those held out to decide when it stops."""
    unknown = np.full((len(molecules), 1), np.nan)
    return split_validation(unknown, job.config.validation_share, numpy_stream(job.seed, job.name, "validation"), molecules.skeletons)


def train_student(
    job: Job,
    molecules: MoleculeSet,
    soft_label: np.ndarray,
    weight: np.ndarray,
    endpoints: Sequence[Endpoint],
    variance: np.ndarray | None = None,
    start: GraphEnsemble | None = None,
) -> Trained:
    """Distil a consensus: soft labels `(M, T)` with weights `(M, T)`; a held-out part of it decides when to stop.

    Args:
        job: Name, architecture, config, seed.
        molecules: `M` molecules of the transfer set.
        soft_label: `(M, T)`, NaN missing.
        weight: `(M, T)`.
        endpoints: The `T` endpoints.
        variance: Variance of each soft label `(M, T)`, for the loss of values that learns it; or `None`.
        start: Ensemble whose networks go on learning, with the scale of its values; default: new ones.
    """
    from fluid.training.module import StudentModule

    train, held_out = held_out_rows(job, molecules)
    examples = Examples(molecules.graphs, soft_label, weight, variance=variance, counts=job.counts(molecules))
    scaling = (start.location, start.scale) if start else label_scale(soft_label, endpoints)
    return train_ensemble(job, StudentModule, endpoints, examples.take(train), examples.take(held_out), scaling, start)


def train_heads(
    job: Job,
    molecules: MoleculeSet,
    answers: np.ndarray,
    weight: np.ndarray,
    domain: np.ndarray,
    endpoints: Sequence[Endpoint],
    domain_weight: float,
    variance: np.ndarray | None = None,
) -> Trained:
    """Learn every teacher's answers and domain scores, one column each; a held-out part decides when to stop.

    Args:
        job: Name, architecture, config, seed.
        molecules: `M` molecules of the transfer set.
        answers: What teachers said, `(M, A)`, NaN missing.
        weight: Weight of each answer in the loss, `(M, A)`.
        domain: Domain scores in [0, 1], `(M, K)`, NaN missing.
        endpoints: The `A + K` columns.
        domain_weight: Weight of the loss of domain scores beside that of answers.
        variance: Variance of each answer `(M, A)`, for the loss of values that learns it; or `None`.
    """
    from fluid.training.module import HeadsModule

    train, held_out = held_out_rows(job, molecules)
    target, unknown = np.concatenate([answers, domain], axis=1), np.full_like(domain, np.nan)
    spread = None if variance is None else np.concatenate([variance, unknown], axis=1)
    examples = Examples(molecules.graphs, target, np.concatenate([weight, np.ones_like(domain)], axis=1), variance=spread)
    make = partial(HeadsModule, n_domains=domain.shape[1], domain_weight=domain_weight)
    return train_ensemble(job, make, endpoints, examples.take(train), examples.take(held_out), label_scale(target, endpoints))
