"""FedMD: every company keeps a model of its own, and all learn each other's mean answer, round by round."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fluid.artifacts import MANIFEST, Artifact
from fluid.data.dataset import Dataset
from fluid.federation.baselines.baseline import Baseline, Owned
from fluid.federation.baselines.nodes import starting_from_teachers
from fluid.federation.baselines.prediction_rounds import Course, prediction_rounds
from fluid.federation.baselines.rounds_stage import rounds_stage, write_central
from fluid.federation.baselines.spec import KIND, FedMDSpec
from fluid.federation.model_folder import About, Model, own_thresholds, reference_fingerprints, write_model
from fluid.federation.model_nodes import open_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.held_out import own_validation
from fluid.models.predictor import Predictor
from fluid.pipeline.graph import Node, Step, Values
from fluid.pipeline.stage import Stage, Work

NAME, CENTRAL = "fedmd", "central"
ROUNDS = f"{NAME}-rounds"


def fedmd_stage(
    parts: Mapping[str, Dataset],
    teachers: Mapping[str, Model],
    transfer: Dataset,
    spec: FederationSpec,
    settings: FedMDSpec,
) -> Stage:
    """Describe FedMD's rounds; the result holds a model folder per company, and `central`, that of a member without data.

    The paper first trains every party on labelled public data; here the transfer set has no labels, and teachers are trained on their own.

    References:
        Li & Wang 2019, FedMD: Heterogenous federated learning via model distillation, arXiv:1910.03581, algorithm 1.
    """

    def build(folder: Path, work: Work) -> None:
        digested = prediction_rounds(Course(parts, teachers, transfer, spec, settings, work), lambda mean: mean, revisit_last=True)
        (folder / CENTRAL).mkdir()
        write_central(folder / CENTRAL, NAME, digested, spec)
        for company, predictor in digested.companies.items():
            (folder / company).mkdir()
            write_own(folder / company, company, predictor, parts[company], spec)
        digested.wire.write(folder)

    return rounds_stage(NAME, parts, teachers, transfer, spec, settings, build)


def member_name(company: str) -> str:
    """Return the name of a company's model."""
    return f"{NAME}-{company}"


def write_own(folder: Path, company: str, predictor: Predictor, dataset: Dataset, spec: FederationSpec) -> None:
    """Write a company's model, with thresholds from the validation part that it never learns from."""
    rows = own_validation(dataset.labels, spec.training.teacher, spec.seed, company, dataset.molecules.skeletons)[1]
    held_out = dataset.take(rows)
    thresholds = own_thresholds(predictor, held_out.molecules, held_out.labels)
    reference = reference_fingerprints(dataset.molecules, spec.seed)
    write_model(folder, predictor, About(member_name(company), KIND, np.asarray(thresholds), reference, spec.annotation))


def member_stage(rounds: Artifact, member: str) -> Stage:
    """Describe taking one model out of the rounds' result: a company's, or `central`."""

    def build(folder: Path, work: Work) -> None:
        shutil.copytree(rounds / member, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(MANIFEST))

    name = NAME if member == CENTRAL else member_name(member)
    return Stage(KIND, name, {"rounds": rounds.digest, "member": member}, build, module=f"federation/baselines/{NAME}.py")


def nodes(settings: FedMDSpec, spec: FederationSpec) -> Iterator[Node]:
    """Yield the rounds, and each model taken out of their result."""
    yield starting_from_teachers(ROUNDS, fedmd_stage, settings, spec)
    for member, model in ((CENTRAL, NAME), *((company, member_name(company)) for company in spec.members)):
        yield Step(model, (ROUNDS,), partial(_taken_out, member), open_model)


def _taken_out(member: str, values: Values) -> Stage:
    return member_stage(values[ROUNDS], member)


def models(settings: FedMDSpec, spec: FederationSpec) -> Sequence[Owned]:
    """Return the model without data, and each company's own."""
    return [(NAME, NAME, ""), *((member_name(company), "fedmd_member", company) for company in spec.members)]


BASELINE = Baseline(
    FedMDSpec,
    nodes,
    models,
    rounds=ROUNDS,
    leaves="predictions of public molecules, every round",
    learns_soft=True,
    mean_of=lambda _: NAME,
    learns_bounds=True,
)
