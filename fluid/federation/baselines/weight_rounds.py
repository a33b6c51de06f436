"""Rounds of local training and weight averaging: what FedAvg, FedProx and FedDF share.

In each round every company puts the common weights into its network, trains some epochs on its own molecules and sends the weights back;
the coordinator averages them. Optimiser state, schedule and streams stay in the company and go on from round to round (the schedule is one
cosine over all rounds), so that one company alone trains exactly as its teacher does. The common weights of every round are validated on
all companies' own validation parts; the best round is kept, as a teacher keeps its best epoch. There is no early stopping: where a teacher
would have stopped early, one company alone differs from it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from fluid.annotation.annotation_set import natural_key
from fluid.data.dataset import Dataset
from fluid.data.quorum import check_quorum
from fluid.errors import ConfigError
from fluid.federation.baselines.average import average_weights
from fluid.federation.baselines.company import Company, LocalTraining, Weights, initial_weights, networks_of
from fluid.federation.baselines.own_examples import own_examples
from fluid.federation.baselines.scale import agree_on_scale, own_figures
from fluid.federation.baselines.wire import Wire
from fluid.federation.model_folder import own_thresholds
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.columns import endpoints_of
from fluid.models.ensemble import GraphEnsemble
from fluid.models.predictor import NetworkSpec
from fluid.pipeline.stage import Work
from fluid.training.config import TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.kinds.kind import architecture
from fluid.training.train import calibrate, label_scale

if TYPE_CHECKING:
    from fluid.training.module import MakeModule

Refine = Callable[[int, Weights, Mapping[str, Weights], "Ensemble"], Weights]
"""What the coordinator does after averaging: round, average, companies' weights, maker of ensembles → new common weights."""
Ensemble = Callable[[Mapping[str, Tensor]], GraphEnsemble]


@dataclass(frozen=True, slots=True)
class Common:
    """What the rounds ended in.

    Attributes:
        predictor: The common model, calibrated.
        thresholds: `(T,)` decision thresholds, weighted means of the companies'.
        curve: Losses per round, weighted means over companies.
        wire: What was sent.
    """

    predictor: GraphEnsemble
    thresholds: np.ndarray
    curve: tuple[CurvePoint, ...]
    wire: Wire


def keep_average(number: int, average: Weights, companies: Mapping[str, Weights], ensemble: Ensemble) -> Weights:
    """Leave the average as it is."""
    return average


def network_spec(spec: FederationSpec) -> NetworkSpec:
    """Return the companies' common architecture.

    Raises:
        ConfigError: The companies' models have no weights to average.
    """
    found = architecture(spec.model)
    if found is None:
        raise ConfigError("the companies' model has no weights to average", expected="a graph network")
    return found


def total_config(spec: FederationSpec, rounds: int, local_epochs: int) -> TrainingConfig:
    """Return the teachers' config with the epochs of all rounds together."""
    return replace(spec.training.teacher, epochs=rounds * local_epochs)


def admit_companies(
    parts: Mapping[str, Dataset], model: NetworkSpec, spec: FederationSpec, config: TrainingConfig, make_module: "MakeModule", wire: Wire
) -> tuple[dict[str, Company], tuple[np.ndarray, np.ndarray]]:
    """Return the companies, in the order of their names, and the common scale of their labels."""
    names, own, figures = sorted(parts, key=natural_key), {}, {}
    endpoints = endpoints_of(parts)
    for name in names:
        part = parts[name]
        check_quorum(part.table, spec.intake.quorum, where=name)
        own[name] = own_examples(name, spec.seed, config, part, endpoints)
        figures[name] = own_figures(own[name].train.target, *label_scale(own[name].train.target, endpoints))
    scaling = agree_on_scale(figures, any(endpoint.kind == "regression" for endpoint in endpoints), wire)
    how = LocalTraining(model, endpoints, make_module, config, spec.trainer, spec.seed)
    return {name: Company(name, own[name], scaling, how) for name in names}, scaling


def weight_rounds(
    parts: Mapping[str, Dataset],
    spec: FederationSpec,
    rounds: int,
    local_epochs: int,
    make_module: "MakeModule",
    work: Work,
    refine: Refine = keep_average,
) -> Common:
    """Carry out all rounds.

    Args:
        parts: Private split by company.
        spec: The experiment.
        rounds: Rounds.
        local_epochs: Epochs per round.
        make_module: Makes the companies' Lightning modules.
        work: Where to keep finished local rounds, and whom to tell.
        refine: What the coordinator does with each average.

    Raises:
        ConfigError: The companies' model is no network, endpoints differ, or a training diverged.
        QuorumError: A company has too few labels.
    """
    wire, model = Wire(), network_spec(spec)
    config = total_config(spec, rounds, local_epochs)
    companies, (location, scale) = admit_companies(parts, model, spec, config, make_module, wire)
    endpoints = endpoints_of(parts)

    def ensemble(weights: Mapping[str, Tensor]) -> GraphEnsemble:
        ones = np.ones(len(endpoints), dtype=np.float32)
        return GraphEnsemble(networks_of(model, endpoints, weights), endpoints, ones, location=location, scale=scale)

    common = initial_weights(model, endpoints, config.members, spec.seed, next(iter(companies)))
    broadcast(common, companies, wire)
    history: list[tuple[float, Weights]] = []
    curve: list[CurvePoint] = []
    for number in range(rounds):
        until = (number + 1) * local_epochs
        sent = {name: dict(wire.up(name, company.train(until, work.scratch))) for name, company in companies.items()}
        examples = {name: int(message.pop("examples")) for name, message in sent.items()}
        common = refine(number, average_weights(sent, examples), sent, ensemble)
        broadcast(common, companies, wire)
        loss = validation_loss(companies, wire)
        history.append((loss, common))
        train = float(np.average([c.train_loss(until - 1) for c in companies.values()], weights=list(examples.values())))
        curve += [CurvePoint(number, "train", train), CurvePoint(number, "validation", loss)]
        work.report((number + 1) / rounds)
    predictor, thresholds = calibrate_common(ensemble(best_weights(history)), companies, parts, spec, wire)
    return Common(predictor, thresholds, tuple(point for point in curve if point.loss == point.loss), wire)


def broadcast(weights: Weights, companies: Mapping[str, Company], wire: Wire) -> None:
    """Send the common weights to every company."""
    for name, company in companies.items():
        company.take(wire.down(name, weights))


def validation_loss(companies: Mapping[str, Company], wire: Wire) -> float:
    """Return the mean loss of the common weights over all validation molecules; NaN if there are none."""
    told = [wire.up(name, company.validate()) for name, company in companies.items() if company.validation_examples]
    counts = np.array([int(message["examples"]) for message in told])
    return float(np.average([float(message["loss"]) for message in told], weights=counts)) if told else float("nan")


def best_weights(history: Sequence[tuple[float, Weights]]) -> Weights:
    """Return the weights of the round with the lowest validation loss, the first of equals; the last if none was validated."""
    losses = [loss if np.isfinite(loss) else np.inf for loss, _ in history]
    return history[int(np.argmin(losses)) if np.isfinite(losses).any() else -1][1]


def calibrate_common(
    predictor: GraphEnsemble, companies: Mapping[str, Company], parts: Mapping[str, Dataset], spec: FederationSpec, wire: Wire
) -> tuple[GraphEnsemble, np.ndarray]:
    """Return the common model with temperatures and thresholds: means of what each company finds on its own validation part."""
    counts = {name: company.validation_examples for name, company in companies.items()}
    held_out = {name: parts[name].take(company.own.rows[1]) for name, company in companies.items()}

    def mean_of(what: str, find: Callable[[Dataset], np.ndarray]) -> np.ndarray:
        told = {name: wire.up(name, {what: torch.from_numpy(find(part))}) for name, part in held_out.items()}
        mean = average_weights(told, counts)
        for name in companies:
            wire.down(name, mean)
        return mean[what].numpy()

    temperature = mean_of("temperature", lambda part: calibrate(predictor, part.molecules, part.labels).temperature)
    finished = predictor.with_temperature(temperature).with_mc_samples(spec.annotation.mc_samples)
    return finished, mean_of("threshold", lambda part: own_thresholds(finished, part.molecules, part.labels))
