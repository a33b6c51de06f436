"""A consortium by files: every party runs its own steps, in its own folders, with the stages of the simulation.

Companies call `train_teacher`, `annotate` and `hybrid`; the coordinator calls `aggregate` and `distill`. Only annotation
sets travel from companies to the coordinator, only consensus and student travel back; a student of heads shows what each
teacher said, so that companies have to agree on it.
"""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact, open_artifact
from fluid.data.quorum import check_quorum
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.consensus_table import read_consensus
from fluid.federation.hints import with_hints
from fluid.federation.model_folder import open_model
from fluid.federation.orders import AggregateOrder, AnnotateOrder, DistillOrder, EvaluateOrder, HybridOrder, TeacherOrder
from fluid.federation.part import Part, read_part
from fluid.federation.spec import IntakeSettings
from fluid.federation.stage import Stage, Work
from fluid.federation.stages.annotate import annotate_stage
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.hybrid import Released, hybrid_stage
from fluid.federation.stages.intake import intake_stage
from fluid.federation.stages.judge import VALIDATION, Candidate, Exam, judge_stage
from fluid.federation.stages.own_teacher import OwnTeacher
from fluid.federation.stages.student import student_stage
from fluid.federation.stages.teacher import teacher_stage
from fluid.federation.workshop import Workshop


def read_file(name: str, path: str, settings: IntakeSettings, workshop: Workshop, labelled: bool) -> tuple[Artifact, Part]:
    """Take in a molecule file; the transfer set is the part named `transfer`."""
    artifact = workshop.make(intake_stage(name, path, settings, labelled))
    return artifact, read_part(artifact)


def with_dropped(stage: Stage, intake: Artifact) -> Stage:
    """Return the stage with the intake's list of dropped rows added to its result."""

    def build(folder: Path, work: Work) -> None:
        stage.build(folder, work)
        shutil.copyfile(intake / "dropped.csv", folder / "dropped.csv")

    return replace(stage, build=build, inputs={**stage.inputs, "intake": intake.digest})


def train_teacher(order: TeacherOrder, workshop: Workshop) -> Artifact:
    """Train a company's teacher; the result stays with the company."""
    intake, part = read_file(order.company, order.input, order.intake, workshop, labelled=True)
    check_quorum(part.table, order.intake.quorum, where=order.input)
    settings = (order.model, order.training.teacher, order.trainer, order.annotation, order.seed, order.intake.quorum)
    stage = teacher_stage(order.company, part, *settings, workshop.logs("teacher", order.company))
    return workshop.make_at(with_dropped(stage, intake), order.out, order.overwrite)


def annotate(order: AnnotateOrder, workshop: Workshop) -> Artifact:
    """Let a company's teacher answer the transfer set; `out/annotation_set` is for the coordinator."""
    teacher, model = open_model(order.teacher)
    intake, transfer = read_file("transfer", order.transfer, order.intake, workshop, labelled=False)
    stage = annotate_stage(teacher, model, transfer, order.annotation.chunk)
    return workshop.make_at(with_dropped(stage, intake), order.out, order.overwrite)


def read_sets(folders: tuple[Path, ...]) -> list[AnnotationSet]:
    """Read all annotation sets; they must be over one transfer set.

    Raises:
        ConfigError: No folder was given.
        ArtifactError: A set is damaged, or over another transfer set than the first.
    """
    if not folders:
        raise ConfigError("no annotation sets were given", expected="annotations=[folder,folder,...]")
    places = [folder / "annotation_set" if (folder / "annotation_set").is_dir() else folder for folder in folders]
    first = read_annotation_set(places[0])
    return [first, *(read_annotation_set(place, first.transfer_digest, len(first.domain_bin)) for place in places[1:])]


def aggregate(order: AggregateOrder, workshop: Workshop) -> Artifact:
    """Combine the annotation sets of all companies into a consensus."""
    sets = read_sets(order.annotations)
    stage = consensus_stage(sets, order.consensus, order.annotation.edges)
    return workshop.make_at(with_hints(stage, sets, len(order.annotation.edges) + 1), order.out, order.overwrite)


def distill(order: DistillOrder, workshop: Workshop) -> Artifact:
    """Train the student on the consensus, one of heads also on what each teacher said; the result is given to everybody."""
    _, transfer = read_file("transfer", order.transfer, order.intake, workshop, labelled=False)
    consensus = open_artifact(order.consensus_folder)
    table = read_consensus(consensus, transfer.transfer_digest)
    recipe = replace(order.training.student, loss=order.loss)
    settings = (order.distillation, order.model, recipe, order.trainer, order.selection, order.annotation, order.seed)
    sets = read_sets(order.annotations) if order.distillation.mode == "heads" and order.annotations else ()
    stage = student_stage(consensus, table, transfer, *settings, workshop.logs("student"), sets)
    return workshop.make_at(stage, order.out, order.overwrite)


def hybrid(order: HybridOrder, workshop: Workshop) -> Artifact:
    """Add a company's own data back to the released student; the result stays with the company."""
    intake, part = read_file(order.company, order.input, order.intake, workshop, labelled=True)
    check_quorum(part.table, order.intake.quorum, where=order.input)
    _, transfer = read_file("transfer", order.transfer, order.intake, workshop, labelled=False)
    student, model = open_model(order.student)
    released = Released(student, model, read_consensus(open_artifact(order.consensus_folder), transfer.transfer_digest), transfer)
    recipe = replace(order.training.hybrid, loss=order.loss)
    settings = (order.hybrid, order.selection, recipe, order.trainer, order.annotation, order.seed, order.intake.quorum)
    own = OwnTeacher(*open_model(Path(order.teacher))) if order.teacher and order.hybrid.needs_teacher else None
    stage = hybrid_stage(order.company, part, released, *settings, workshop.logs("hybrid", order.company), own)
    return workshop.make_at(with_dropped(stage, intake), order.out, order.overwrite)


def evaluate(order: EvaluateOrder, workshop: Workshop) -> pd.DataFrame:
    """Judge a model on a labelled file; returns its score table."""
    artifact, model = open_model(order.model_folder)
    _, test = read_file("test", order.input, order.intake, workshop, labelled=True)
    validation = read_file(VALIDATION, order.validation, order.intake, workshop, labelled=True)[1] if order.validation else None
    if not {e.name for e in test.table.endpoints} & {e.name for e in model.predictor.endpoints}:
        known = ", ".join(e.name for e in model.predictor.endpoints)
        raise ArtifactError(
            "the model knows none of the test's endpoints", where=str(order.model_folder), expected=f"intake.endpoints with one of: {known}"
        )
    exam = Exam(validation, {"test": test}, order.evaluation.n_bootstrap, order.seed, order.evaluation.threshold, order.evaluation.auroc)
    judged = workshop.make_at(judge_stage(artifact, model, Candidate(model.name, model.kind), exam), order.out, order.overwrite)
    return pd.read_csv(judged / "scores.csv")
