"""Stage `hybrid`: a company adds its own private split back to what the consortium learnt."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fluid.artifacts import Artifact
from fluid.data.endpoints import Endpoint
from fluid.data.quorum import check_quorum
from fluid.errors import ConfigError
from fluid.federation.consensus_table import ConsensusTable
from fluid.federation.model_folder import Model, own_thresholds, reference_fingerprints, write_model
from fluid.federation.part import Part
from fluid.federation.spec import AnnotationSpec, HybridSpec, SelectionSpec
from fluid.federation.stage import Stage, Work
from fluid.federation.stages.student import confidence_weight, select_rows
from fluid.federation.stages.teacher import MakeLogger, finished, no_logger, own_validation, trainer_inputs
from fluid.models.ensemble import GraphEnsemble
from fluid.training.recipe import Recipe, TrainerSpec
from fluid.training.train import Job, Trained, train_concatenated, train_teacher


@dataclass(frozen=True, slots=True)
class Released:
    """What the coordinator gives to everybody.

    Attributes:
        student: The student's artifact, and the model in it.
        model: The student, opened.
        consensus: The consensus it learnt.
        transfer: The transfer set.
    """

    student: Artifact
    model: Model
    consensus: ConsensusTable
    transfer: Part


def hybrid_name(company: str) -> str:
    """Return the hybrid's name: `H3` for company `T3`, else `hybrid-<company>`."""
    return "H" + company[1:] if company[:1] == "T" and company[1:].isdigit() else f"hybrid-{company}"


def aligned_labels(company: str, part: Part, endpoints: tuple[Endpoint, ...]) -> np.ndarray:
    """Return the company's labels `(M, T)` in the student's column order; NaN for endpoints that it did not measure.

    Raises:
        ConfigError: The company has an endpoint that the student does not know, or defines it otherwise.
    """
    unknown = [e.name for e in part.table.endpoints if e not in endpoints]
    if unknown:
        known = ", ".join(str(e.name) for e in endpoints)
        raise ConfigError(
            f"endpoint {unknown[0]!r} of {company} is not one of the student's", expected=f"the same definition as in: {known}"
        )
    labels = np.full((len(part), len(endpoints)), np.nan, dtype=np.float32)
    labels[:, [endpoints.index(e) for e in part.table.endpoints]] = part.table.labels
    return labels


def student_ensemble(model: Model) -> GraphEnsemble:
    """Return the student's networks.

    Raises:
        ConfigError: The student is no graph network.
    """
    if not isinstance(model.predictor, GraphEnsemble):
        raise ConfigError(f"model {model.name!r} has no network weights", where=str(model.folder), expected="a student made by distill")
    return model.predictor


def hybrid_stage(
    company: str,
    part: Part,
    released: Released,
    spec: HybridSpec,
    selection: SelectionSpec,
    recipe: Recipe,
    trainer: TrainerSpec,
    annotation: AnnotationSpec,
    seed: int,
    quorum: int = 25,
    logger: MakeLogger = no_logger,
) -> Stage:
    """Describe the training of one company's hybrid, by fine-tuning the student or on consensus and private split together."""
    name, student = hybrid_name(company), student_ensemble(released.model)
    labels = aligned_labels(company, part, student.endpoints)

    def fit(work: Work) -> Trained:
        job = Job(name, student.networks[0].spec, recipe, trainer, seed, logger, work.report, work.scratch)
        if spec.mode == "fine_tune":
            return train_teacher(job, part.molecules, labels, student.endpoints, start=student)
        rows = select_rows(released.consensus, selection, seed)
        weight = confidence_weight(released.consensus.confidence[rows], selection.confidence_power)
        public = released.transfer.molecules.take(rows)
        return train_concatenated(job, part.molecules, labels, public, released.consensus.soft_label[rows], weight, student.endpoints)

    def build(folder: Path, work: Work) -> None:
        check_quorum(part.table, quorum, where=company)
        trained = fit(work)
        predictor = finished(trained, annotation)
        held_out = own_validation(labels, recipe, seed, name)[1]
        thresholds = own_thresholds(predictor, part.molecules.take(held_out), labels[held_out])
        write_model(folder, name, "hybrid", predictor, thresholds, reference_fingerprints(part.molecules, seed), annotation, trained.curve)

    inputs = {
        "part": part.digest,
        "student": released.student.digest,
        "spec": spec,
        "selection": selection,
        "recipe": recipe,
        "trainer": trainer_inputs(trainer),
        "annotation": annotation,
        "seed": seed,
        "quorum": quorum,
    }
    return Stage("hybrid", name, inputs, build, trainer.threads_for(recipe))
