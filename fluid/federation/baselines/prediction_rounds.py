"""Rounds of distillation on public molecules: what FedMD and DS-FL share.

Every company begins with its teacher. In each round all answer the round's public molecules, the coordinator makes one soft label of the
answers, and everybody learns it: each company whose model can (a graph network) *digests* it and then *revisits* its own labels; a forest
or a file of predictions gives its answers and stays as it is. A member without data, the coordinator's model, only digests.

With one round over the whole transfer set that model is, bit by bit, FLuID's one-shot student of the mean consensus (selection of all
molecules, confidence power 0, as many epochs): it has the student's streams, and its loss. Answers are exchanged without their variances,
so `loss.values=heteroscedastic` is the Gaussian likelihood here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from fluid.annotation.annotation_set import natural_key
from fluid.data.dataset import Dataset
from fluid.distillation.combine import combine
from fluid.errors import ConfigError
from fluid.federation.baselines.public import answers, public_rows
from fluid.federation.baselines.spec import DSFLSpec, FedMDSpec
from fluid.federation.baselines.wire import Wire
from fluid.federation.model_folder import Model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.held_out import own_validation
from fluid.models.kinds.kind import start_of
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.pipeline.stage import Work
from fluid.training.curve import CurvePoint
from fluid.training.kinds.kind import architecture
from fluid.training.train import Job, Trained, train_student, train_teacher

Aggregate = Callable[[Tensor], Tensor]
"""Soft label `(M, T)` of the mean answer `(M, T)`."""


@dataclass(frozen=True, slots=True)
class Course:
    """What all steps of the rounds share.

    Attributes:
        parts: Private split by company.
        teachers: Teacher by company.
        transfer: The transfer set.
        spec: The experiment.
        settings: Rounds and epochs.
        work: Where to keep finished steps, and whom to tell.
    """

    parts: Mapping[str, Dataset]
    teachers: Mapping[str, Model]
    transfer: Dataset
    spec: FederationSpec
    settings: FedMDSpec | DSFLSpec
    work: Work


@dataclass(frozen=True, slots=True)
class Digested:
    """What the rounds ended in.

    Attributes:
        central: The model without data of its own, with its learning curve over all rounds.
        molecules: Public molecules of the last round.
        soft_label: What was learnt of them, `(M, T)`.
        companies: Each company's own model.
        wire: What was sent.
    """

    central: Trained
    molecules: MoleculeSet
    soft_label: np.ndarray
    companies: Mapping[str, Predictor]
    wire: Wire


def mean_answer(said: Mapping[str, Tensor], kinds: list[str]) -> Tensor:
    """Return the plain mean `(M, T)` of answers: that of the consensus `mean`."""
    return combine("mean", {"predictions": torch.stack(list(said.values()))}, kinds).soft_label


def prediction_rounds(course: Course, aggregate: Aggregate, revisit_last: bool) -> Digested:
    """Carry out all rounds.

    Args:
        course: Who learns, from what, how.
        aggregate: Soft label of the mean answer.
        revisit_last: Whether companies digest and revisit after the last round too; if not, only the central model ends up to date.
    """
    wire, settings, spec = Wire(), course.settings, course.spec
    companies: dict[str, Predictor] = {name: course.teachers[name].predictor for name in sorted(course.teachers, key=natural_key)}
    kinds = [endpoint.kind for endpoint in next(iter(companies.values())).endpoints]
    central: Trained | None = None
    for number in range(settings.rounds):
        rows = public_rows(len(course.transfer), settings.public, spec.seed, number)
        molecules = course.transfer.molecules.take(rows)
        told = answers(companies, molecules, spec.annotation.chunk)
        said = {name: wire.up(name, {"predictions": own})["predictions"] for name, own in told.items()}
        soft_label = aggregate(mean_answer(said, kinds))
        learnt = {name: wire.down(name, {"soft_label": soft_label})["soft_label"].numpy() for name in companies}
        central = digest_centrally(course, central, number, molecules, soft_label.numpy())
        if number + 1 < settings.rounds or revisit_last:
            companies = {name: continue_member(course, name, own, number, molecules, learnt[name]) for name, own in companies.items()}
        course.work.report((number + 1) / settings.rounds)
    if central is None:
        raise ValueError(f"rounds is {settings.rounds}; expected 1 or more.")
    return Digested(central, molecules, soft_label.numpy(), companies, wire)


def digest_centrally(course: Course, before: Trained | None, number: int, molecules: MoleculeSet, soft_label: np.ndarray) -> Trained:
    """Let the model without data learn a soft label `(M, T)`; in the first round it is new."""
    spec = course.spec
    config = replace(spec.student_config, epochs=course.settings.digest_epochs)
    name = "student" if number == 0 else f"student {number + 1}"
    network = architecture(spec.student_model)
    if network is None:
        said = f"rounds of distillation train a network, and the student is of kind {spec.student_model.kind!r}"
        raise ConfigError(said, expected="student_model={kind: network}")
    job = Job(name, network, config, spec.trainer, spec.seed, scratch=course.work.scratch / name)
    endpoints = next(iter(course.teachers.values())).predictor.endpoints
    start = before.predictor if before else None
    learnt = train_student(job, molecules, soft_label, np.ones_like(soft_label), endpoints, start=start)
    curve = [CurvePoint(point.epoch + number * config.epochs, point.split, point.loss) for point in learnt.curve]
    return Trained(learnt.predictor, (*(before.curve if before else ()), *curve))


def continue_member(
    course: Course, company: str, before: Predictor, number: int, molecules: MoleculeSet, soft_label: np.ndarray
) -> Predictor:
    """Return a company's model after it digested a soft label `(M, T)` and revisited its own labels; one that cannot learn stays."""
    spec, settings, part = course.spec, course.settings, course.parts[company]
    own = start_of(before, part.molecules)
    if own is None:
        return before
    training = spec.training
    make = partial(Job, network=own.networks[0].spec, trainer=spec.trainer, seed=spec.seed)
    names = [f"{company} {step} {number + 1}" for step in ("digest", "revisit")]
    digest = replace(spec.student_config, epochs=settings.digest_epochs, members=len(own.networks))
    revisit = replace(training.hybrid, epochs=settings.revisit_epochs, members=len(own.networks))
    first, second = (
        make(name, config=config, scratch=course.work.scratch / name) for name, config in zip(names, (digest, revisit), strict=True)
    )
    digested = train_student(first, molecules, soft_label, np.ones_like(soft_label), own.endpoints, start=own)
    # what its teacher held out stays held out
    rows = own_validation(part.labels, training.teacher, spec.seed, company, part.molecules.skeletons)
    bounds = part.censored
    revisited = train_teacher(second, part.molecules, part.labels, own.endpoints, digested.predictor, rows=rows, censored=bounds)
    return revisited.predictor.with_mc_samples(spec.annotation.mc_samples)
