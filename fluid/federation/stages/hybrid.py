"""Stage `hybrid`: a company adds its own private split back to what the consortium learnt."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fluid.annotation.spec import AnnotationSpec
from fluid.artifacts import write_json
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.quorum import check_quorum
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.selection_spec import SelectionSpec
from fluid.errors import ConfigError
from fluid.federation.consensus_table import ConsensusTable
from fluid.federation.label_noise import looked_up, without_noise
from fluid.federation.model_folder import Model, own_thresholds, reference_fingerprints, write_model
from fluid.federation.stages.hybrid_spec import HybridSpec
from fluid.federation.stages.own_teacher import OwnTeacher, check_own, gated, guarded
from fluid.federation.stages.student import hard_labels, loss_weight, select_rows
from fluid.federation.stages.student_checks import check_noise
from fluid.federation.stages.student_spec import StudentSpec
from fluid.federation.stages.teacher import MakeLogger, no_logger, own_validation, trainer_inputs
from fluid.federation.stages.undersample import undersampled
from fluid.models.blend import Blend
from fluid.models.ensemble import GraphEnsemble
from fluid.models.forest import ForestPredictor
from fluid.models.heads import HeadsPredictor
from fluid.models.neighbours import NeighbourPredictor
from fluid.models.predictor import Predictor
from fluid.models.single_head import single_head
from fluid.molecules.molecule_set import MoleculeSet
from fluid.pipeline.stage import Stage, Work
from fluid.seeding import derive_seed, numpy_stream
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.curve import CurvePoint
from fluid.training.train import Job, Rows, Trained, shared_weights, train_concatenated, train_teacher

GUARD = "guard.json"


@dataclass(frozen=True, slots=True)
class Released:
    """What the coordinator gives to everybody.

    Attributes:
        model: The student.
        consensus: The consensus it learnt.
        transfer: The transfer set.
    """

    model: Model
    consensus: ConsensusTable
    transfer: Dataset


def hybrid_name(company: str) -> str:
    """Return the hybrid's name: `H3` for company `T3`, else `hybrid-<company>`."""
    return "H" + company[1:] if company[:1] == "T" and company[1:].isdigit() else f"hybrid-{company}"


def aligned_labels(company: str, part: Dataset, endpoints: tuple[Endpoint, ...]) -> np.ndarray:
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


def general_of(predictor: Predictor) -> Predictor:
    """Return what a student answers with where it knows no neighbours."""
    return general_of(predictor.general) if isinstance(predictor, Blend) else predictor


def network_of(predictor: Predictor, molecules: MoleculeSet) -> GraphEnsemble | None:
    """Return the networks that a hybrid goes on from; `None` if the student has none.

    Of heads, it goes on with one in the place of all: their mean, each teacher with its mean share for the company's own `molecules`.
    """
    general = general_of(predictor)
    if isinstance(general, HeadsPredictor):
        return single_head(general, general.shares(molecules).mean(axis=1))
    return general if isinstance(general, GraphEnsemble) else None


def with_own(predictor: Predictor, network: GraphEnsemble | None, molecules: MoleculeSet, labels: np.ndarray) -> Predictor:
    """Return a student with other networks in the place of its own, and measured molecules among its neighbours."""
    if isinstance(predictor, NeighbourPredictor):
        return predictor.with_more(molecules, labels)
    if isinstance(predictor, Blend):
        local = with_own(predictor.local, None, molecules, labels)
        general = with_own(predictor.general, network, molecules, labels)
        return replace(predictor, local=local, general=general, bits=np.concatenate([predictor.bits, molecules.bits]))
    return network or predictor


def hybrid_loss(loss: LossSpec, released: Released, spec: HybridSpec, selection: SelectionSpec) -> LossSpec:
    """Return the loss of soft labels: with the consensus' own confusions, if they are asked for and a network learns its labels.

    Otherwise none is looked up: what a student says is said of the truth already.

    Raises:
        ConfigError: The consensus knows of none, or they are not those of what is learnt.
    """
    learns = isinstance(general_of(released.model.predictor), GraphEnsemble | HeadsPredictor)
    if not loss.automatic or spec.mode != "concatenate" or not learns:
        return without_noise(loss)
    check_noise(loss, StudentSpec(), selection)
    if spec.undersample:
        raise ConfigError("loss.confusion is auto, and hybrid.undersample drops molecules by their labels", expected="only one of both")
    return looked_up(loss, released.consensus.confusions, released.consensus.endpoints, spec.labels)


def check_student(model: Model, spec: HybridSpec) -> None:
    """Refuse what is no student, or one that the spec cannot go on from.

    Raises:
        ConfigError: It is no network, forest or set of neighbours; or a forest, and the mode needs weights.
    """
    if isinstance(model.predictor, ForestPredictor):
        spec.check_forest()
        return
    learnt = isinstance(general_of(model.predictor), GraphEnsemble | HeadsPredictor)
    if not learnt and not isinstance(model.predictor, NeighbourPredictor):
        raise ConfigError(f"model {model.name!r} is no student", where=str(model.folder), expected="a student made by distill")


class Public(NamedTuple):
    """The student's molecules of the transfer set, as a hybrid learns them.

    Attributes:
        molecules: `M` molecules.
        target: Soft or hard labels `(M, T)`.
        weight: Loss weights `(M, T)`.
    """

    molecules: MoleculeSet
    target: np.ndarray
    weight: np.ndarray


def joint_rows(
    part: Dataset, labels: np.ndarray, rows: Rows, released: Released, spec: HybridSpec, selection: SelectionSpec, seed: int, name: str
) -> tuple[Rows, Public]:
    """Return the company's rows and the student's molecules that a hybrid learns from together; see `HybridSpec.undersample`."""
    chosen = select_rows(released.consensus, released.transfer, selection, seed)
    target = released.consensus.soft_label[chosen]
    target = hard_labels(target, released.consensus.endpoints) if spec.labels == "hard" else target
    public = Public(released.transfer.molecules.take(chosen), target, loss_weight(released.consensus, chosen, selection))
    if not spec.undersample:
        return rows, public
    own, shared = undersampled(labels[rows[0]], target, released.consensus.endpoints, numpy_stream(seed, name, "undersample"))
    return (rows[0][own], rows[1]), Public(public.molecules.take(shared), target[shared], public.weight[shared])


@dataclass(frozen=True, slots=True)
class HybridSettings:
    """How a hybrid is made.

    Attributes:
        hybrid: How the company adds its own data back.
        selection: Which public molecules it learns from, where it does.
        config: Optimisation of a network.
        trainer: Hardware.
        annotation: Domain-score and dropout settings.
        seed: The experiment's seed.
        quorum: Fewest labels per class.
    """

    hybrid: HybridSpec
    selection: SelectionSpec
    config: TrainingConfig
    trainer: TrainerSpec
    annotation: AnnotationSpec
    seed: int
    quorum: int = 25


def hybrid_stage(
    company: str,
    part: Dataset,
    released: Released,
    settings: HybridSettings,
    logger: MakeLogger = no_logger,
    teacher: OwnTeacher | None = None,
) -> Stage:
    """Describe how one company's own data are added back to the student.

    Networks are trained as `spec.mode` says, a forest is grown anew on the student's molecules and the company's; where the student
    answers by neighbours, the company's measured molecules become neighbours too. With `spec.guard`, or in mode `gate`, the company's
    own `teacher` takes part, and nothing learns from what that teacher held out.
    """
    spec, selection, config, trainer = settings.hybrid, settings.selection, settings.config, settings.trainer
    annotation, seed = settings.annotation, settings.seed
    check_student(released.model, spec)
    config = replace(config, loss=hybrid_loss(config.loss, released, spec, selection))
    name, student = hybrid_name(company), released.model.predictor
    check_own(teacher, spec.needs_teacher, student.endpoints)
    own = teacher if spec.needs_teacher else None
    labels = aligned_labels(company, part, student.endpoints)
    rows = own_validation(labels, config, seed, name) if own is None else own.rows(part)

    def trained_network(work: Work, start: GraphEnsemble) -> Trained:
        own_config = spec.config(config)
        job = Job(name, start.networks[0].spec, own_config, trainer, seed, logger, work.report, work.scratch)
        if spec.mode == "concatenate":
            learnt, public = joint_rows(part, labels, rows, released, spec, selection, seed, name)
            return train_concatenated(job, part.molecules, labels, *public, start.endpoints, spec.own_share, learnt)
        said = student.predict(part.molecules).mean if spec.mode == "mix" else None
        return train_teacher(job, part.molecules, labels, start.endpoints, start, said, rows)

    def grown_forest(start: ForestPredictor) -> ForestPredictor:
        (learnt, _), public = joint_rows(part, labels, rows, released, spec, selection, seed, name)
        molecules = part.molecules.take(learnt).followed_by([public.molecules])
        target = np.concatenate([labels[learnt], public.target])
        weight = shared_weights(np.ones_like(labels[learnt]), public.weight, spec.own_share)
        how = (start.endpoints, start.spec, derive_seed(seed, name), trainer.threads_for(config))
        return ForestPredictor.distil(molecules, target, weight, *how)

    def fit(work: Work) -> tuple[Predictor, tuple[CurvePoint, ...]]:
        if spec.mode == "gate" and own is not None:
            return gated(own, student, part, labels), ()
        if isinstance(student, ForestPredictor):
            return grown_forest(student), ()
        network = network_of(student, part.molecules.take(rows[0]))
        trained = trained_network(work, network) if network else None
        learnt = trained.predictor.with_mc_samples(annotation.mc_samples) if trained else None
        curve = trained.curve if trained else ()
        return with_own(student, learnt, part.molecules.take(rows[0]), labels[rows[0]]), curve

    def build(folder: Path, work: Work) -> None:
        check_quorum(part.table, settings.quorum, where=company)
        predictor, curve = fit(work)
        if spec.guard and own is not None:
            predictor, kept, losses = guarded(predictor, own, student, part, labels)
            write_json(folder / GUARD, {"kept": kept, "losses": losses, "molecules": len(rows[1])})
        thresholds = own_thresholds(predictor, part.molecules.take(rows[1]), labels[rows[1]])
        write_model(folder, name, "hybrid", predictor, thresholds, reference_fingerprints(part.molecules, seed), annotation, curve)

    inputs = {
        "part": part.digest,
        "student": released.model.digest,
        "teacher": own.model.digest if own else "",
        "spec": spec,
        "selection": selection,
        "config": config.validation_share if isinstance(student, ForestPredictor) else config,
        "trainer": trainer_inputs(trainer),
        "annotation": annotation,
        "seed": seed,
        "quorum": settings.quorum,
    }
    return Stage("hybrid", name, inputs, build, trainer.threads_for(config))
