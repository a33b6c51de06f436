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
from fluid.data.dataset import Dataset, read_dataset
from fluid.data.intake_spec import IntakeSpec
from fluid.data.quorum import check_quorum
from fluid.errors import ArtifactError, ConfigError
from fluid.federation.acquisition_scores import with_acquisition_scores
from fluid.federation.consensus_table import read_consensus
from fluid.federation.model_folder import open_model
from fluid.federation.requests import AggregateRequest, AnnotateRequest, DistillRequest, EvaluateRequest, HybridRequest, TeacherRequest
from fluid.federation.stages.annotate import annotate_stage
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.evaluate import VALIDATION, Evaluation, ModelRole, evaluate_stage
from fluid.federation.stages.hybrid import Released, hybrid_stage
from fluid.federation.stages.intake import intake_stage
from fluid.federation.stages.own_teacher import OwnTeacher
from fluid.federation.stages.student import student_stage
from fluid.federation.stages.teacher import teacher_stage
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage, Work


def read_file(name: str, path: str, spec: IntakeSpec, runner: Runner) -> tuple[Artifact, Dataset]:
    """Take in a molecule file; the transfer set is the part named `transfer`."""
    artifact = runner.make(intake_stage(name, path, spec))
    return artifact, read_dataset(artifact)


def with_dropped(stage: Stage, intake: Artifact) -> Stage:
    """Return the stage with the intake's list of dropped rows added to its result."""

    def build(folder: Path, work: Work) -> None:
        stage.build(folder, work)
        shutil.copyfile(intake / "dropped.csv", folder / "dropped.csv")

    return replace(stage, build=build, inputs={**stage.inputs, "intake": intake.digest})


def train_teacher(request: TeacherRequest, runner: Runner) -> Artifact:
    """Train a company's teacher; the result stays with the company."""
    intake, part = read_file(request.company, request.input, request.intake, runner)
    check_quorum(part.table, request.intake.quorum, where=request.input)
    settings = (request.model, request.training.teacher, request.trainer, request.annotation, request.seed, request.intake.quorum)
    stage = teacher_stage(request.company, part, *settings, runner.logs("teacher", request.company))
    return runner.make_at(with_dropped(stage, intake), request.out, request.overwrite)


def annotate(request: AnnotateRequest, runner: Runner) -> Artifact:
    """Let a company's teacher answer the transfer set; `out/annotation_set` is for the coordinator."""
    teacher, model = open_model(request.teacher)
    intake, transfer = read_file("transfer", request.transfer, request.intake.unlabelled(), runner)
    stage = annotate_stage(teacher, model, transfer, request.annotation.chunk)
    return runner.make_at(with_dropped(stage, intake), request.out, request.overwrite)


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


def aggregate(request: AggregateRequest, runner: Runner) -> Artifact:
    """Combine the annotation sets of all companies into a consensus."""
    sets = read_sets(request.annotations)
    stage = consensus_stage(sets, request.consensus, request.annotation.edges)
    return runner.make_at(with_acquisition_scores(stage, sets, len(request.annotation.edges) + 1), request.out, request.overwrite)


def distill(request: DistillRequest, runner: Runner) -> Artifact:
    """Train the student on the consensus, one of heads also on what each teacher said; the result is given to everybody."""
    _, transfer = read_file("transfer", request.transfer, request.intake.unlabelled(), runner)
    consensus = open_artifact(request.consensus_folder)
    table = read_consensus(consensus, transfer.transfer_digest)
    config = replace(request.training.student, loss=request.loss)
    settings = (request.distillation, request.model, config, request.trainer, request.selection, request.annotation, request.seed)
    sets = read_sets(request.annotations) if request.distillation.mode == "heads" and request.annotations else ()
    stage = student_stage(consensus, table, transfer, *settings, runner.logs("student"), sets)
    return runner.make_at(stage, request.out, request.overwrite)


def hybrid(request: HybridRequest, runner: Runner) -> Artifact:
    """Add a company's own data back to the released student; the result stays with the company."""
    intake, part = read_file(request.company, request.input, request.intake, runner)
    check_quorum(part.table, request.intake.quorum, where=request.input)
    _, transfer = read_file("transfer", request.transfer, request.intake.unlabelled(), runner)
    student, model = open_model(request.student)
    released = Released(student, model, read_consensus(open_artifact(request.consensus_folder), transfer.transfer_digest), transfer)
    config = replace(request.training.hybrid, loss=request.loss)
    settings = (request.hybrid, request.selection, config, request.trainer, request.annotation, request.seed, request.intake.quorum)
    own = OwnTeacher(*open_model(Path(request.teacher))) if request.teacher and request.hybrid.needs_teacher else None
    stage = hybrid_stage(request.company, part, released, *settings, runner.logs("hybrid", request.company), own)
    return runner.make_at(with_dropped(stage, intake), request.out, request.overwrite)


def evaluate(request: EvaluateRequest, runner: Runner) -> pd.DataFrame:
    """Evaluate a model on a labelled file; returns its score table."""
    artifact, model = open_model(request.model_folder)
    _, test = read_file("test", request.input, request.intake, runner)
    validation = read_file(VALIDATION, request.validation, request.intake, runner)[1] if request.validation else None
    if not {e.name for e in test.table.endpoints} & {e.name for e in model.predictor.endpoints}:
        known = ", ".join(e.name for e in model.predictor.endpoints)
        raise ArtifactError(
            "the model knows none of the test's endpoints",
            where=str(request.model_folder),
            expected=f"intake.endpoints with one of: {known}",
        )
    evaluation = Evaluation(
        validation, {"test": test}, request.evaluation.n_bootstrap, request.seed, request.evaluation.threshold, request.evaluation.auroc
    )
    evaluated = runner.make_at(
        evaluate_stage(artifact, model, ModelRole(model.name, model.kind), evaluation), request.out, request.overwrite
    )
    return pd.read_csv(evaluated / "scores.csv")
