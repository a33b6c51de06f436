"""A company's steps of a consortium by files: teacher, annotations, hybrid, and the evaluation of what it was given."""

from dataclasses import replace

import numpy as np
import pandas as pd

from fluid.annotation.domain import check_telling
from fluid.annotation.evidence import spanned_share
from fluid.artifacts import Artifact, open_artifact, read_json
from fluid.data.columns import check_source
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.data.layout import Layout
from fluid.data.quorum import Kept, keep_enough
from fluid.errors import ArtifactError, ConfigError
from fluid.evaluation.result_tables import read_table
from fluid.federation.apart import check_apart
from fluid.federation.consensus_table import read_consensus
from fluid.federation.cross_fit import cross_fitted
from fluid.federation.files import add_dropped, add_left_out, read_file
from fluid.federation.model_folder import Model, open_model
from fluid.federation.own_copy import add_own_copy
from fluid.federation.own_molecules import refuse_overlap
from fluid.federation.requests import AnnotateRequest, EvaluateRequest, HybridRequest, TeacherRequest
from fluid.federation.stages.annotate import annotate_stage
from fluid.federation.stages.evaluate import VALIDATION, Evaluation, ModelRole, evaluate_stage
from fluid.federation.stages.hybrid import hybrid_stage
from fluid.federation.stages.hybrid_spec import Released
from fluid.federation.stages.intake import resolve
from fluid.federation.stages.own_teacher import OwnTeacher
from fluid.federation.stages.teacher import teacher_stage
from fluid.file_names import at_home
from fluid.pipeline.runner import Runner
from fluid.privacy.certificate import FILE as CERTIFICATE
from fluid.privacy.certificate import in_words

ENOUGH_SPANNED = 0.8
"""Share of a company's substructures below which a transfer set is told to hold too few of them."""


def train_teacher(request: TeacherRequest, runner: Runner) -> Artifact:
    """Train a company's teacher; the result stays with the company."""
    check_apart(request.out, request.input, request.transfer)
    intake, kept = read_own(request, runner)
    transfer = read_transfer(request, runner) if request.transfer else None
    stage = teacher_stage(request.company, kept.dataset, request.settings, runner.logs("teacher", request.company), transfer)
    made = runner.make_at(add_left_out(add_dropped(stage, intake), kept.left_out), request.out, request.overwrite)
    if (made / CERTIFICATE).exists():
        runner.progress.note(in_words(read_json(made / CERTIFICATE)))
    return made


def read_transfer(request: TeacherRequest, runner: Runner) -> Dataset:
    """Take in the transfer set that a teacher is cross-fitted for."""
    public = replace(request.intake.unlabelled(), layout=Layout(where=request.transfer_where))
    return read_file("transfer", request.transfer, public, runner)[1]


def read_own(request: TeacherRequest | HybridRequest, runner: Runner) -> tuple[Artifact, Kept]:
    """Take a company's own file in, without the endpoints that it has too few labels of, which are told."""
    intake, part = read_file(request.company, request.input, request.intake, runner)
    kept = keep_enough(part, request.intake, request.input)
    if note := kept.note(request.input, request.intake.quorum):
        runner.progress.note(note)
    return intake, kept


def annotate(request: AnnotateRequest, runner: Runner) -> Artifact:
    """Let a company's teacher answer the transfer set; `out/annotation_set` is for the coordinator, all else stays with the company."""
    check_apart(request.out, request.teacher, request.transfer)
    teacher = open_model(request.teacher)
    if teacher.evidence is None and not request.annotation.revealing:
        check_telling(teacher.domain.edges, teacher.domain.k)
    check_source(resolve(request.transfer), request.intake.unlabelled())
    intake, transfer = read_file("transfer", request.transfer, request.intake.unlabelled(), runner)
    if note := spanned_note(teacher, transfer):
        runner.progress.note(note)
    teacher = allowed(teacher, transfer, request)
    stage = add_own_copy(annotate_stage(teacher, transfer, request.annotation.chunk, request.annotation.digits), request, teacher, transfer)
    return runner.make_at(add_dropped(stage, intake), request.out, request.overwrite)


def allowed(teacher: Model, transfer: Dataset, request: AnnotateRequest) -> Model:
    """Return what may answer a transfer set: the teacher, or its cross-fitted models in its place.

    Raises:
        ConfigError: The transfer set holds molecules that the teacher learnt from, and `annotation.overlap` is `refuse`; or it was not
            cross-fitted for this transfer set, and that is asked for.
    """
    if request.annotation.overlap == "cross_fit":
        return cross_fitted(teacher, transfer)
    if request.annotation.overlap == "refuse" and teacher.kind != "student":
        refuse_overlap(teacher.own, transfer, request.transfer)
    return teacher


def spanned_note(teacher: Model, transfer: Dataset) -> str:
    """Say which share of the substructures of a company's evidence the transfer set holds; empty where it releases none."""
    if teacher.evidence is None:
        return ""
    shares = spanned_share(teacher.evidence.counts, teacher.evidence.dictionary.features(transfer.molecules))
    known = shares[np.isfinite(shares)]
    if not len(known):
        return "your evidence is about no substructure: annotation.evidence.min_support keeps all back"
    share = float(known.mean())
    said = f"the transfer set holds {share:.0%} of the substructures that your evidence is about"
    return said if share >= ENOUGH_SPANNED else f"{said}: what you know of the others will not travel; a larger or more varied one helps"


def hybrid(request: HybridRequest, runner: Runner) -> Artifact:
    """Add a company's own data back to the released student; the result stays with the company."""
    check_apart(request.out, request.input, request.student, request.consensus_folder, request.transfer, request.teacher)
    intake, kept = read_own(request, runner)
    public = replace(request.intake.unlabelled(), layout=Layout(where=request.transfer_where))
    of_transfer, transfer = read_file("transfer", request.transfer, public, runner)
    consensus = read_consensus(open_artifact(request.consensus_folder), transfer.transfer_digest)
    released = Released(open_model(request.student), consensus, transfer)
    own = OwnTeacher(open_model(at_home(request.teacher))) if request.teacher and request.hybrid.needs_teacher else None
    stage = hybrid_stage(request.company, kept.dataset, released, request.settings, runner.logs("hybrid", request.company), own)
    return runner.make_at(
        add_left_out(add_dropped(stage, intake, {"dropped_transfer.csv": of_transfer}), kept.left_out), request.out, request.overwrite
    )


def evaluate(request: EvaluateRequest, runner: Runner) -> pd.DataFrame:
    """Evaluate a model on a labelled file; returns its score table."""
    check_apart(request.out, request.model_folder, request.input, request.validation)
    model = open_model(request.model_folder)
    intake, test = read_file("test", request.input, request.intake, runner)
    others = {VALIDATION: read_file(VALIDATION, request.validation, request.intake, runner)} if request.validation else {}
    validation = others[VALIDATION][1] if others else None
    for labelled in (test, validation) if validation else (test,):
        check_definitions(model, labelled.endpoints)
    asked = request.evaluation
    evaluation = Evaluation(validation, {"test": test}, asked.n_bootstrap, request.seed, asked.threshold, asked.auroc)
    stage = evaluate_stage(model, ModelRole(model.name, model.kind), evaluation)
    lists = {f"dropped_{name}.csv": artifact for name, (artifact, _) in others.items()}
    evaluated = runner.make_at(add_dropped(stage, intake, lists), request.out, request.overwrite)
    return read_table(evaluated / "scores.csv")


def check_definitions(model: Model, endpoints: tuple[Endpoint, ...]) -> None:
    """Refuse labels that mean something else than what a model answers: another unit, threshold, direction or kind under the same name.

    Measured classes stand for those that the model has from a threshold.

    Raises:
        ArtifactError: The model answers none of the endpoints.
        ConfigError: An endpoint of the same name is defined otherwise.
    """
    known = {endpoint.name: endpoint for endpoint in model.predictor.endpoints}
    shared = [endpoint for endpoint in endpoints if endpoint.name in known]
    if not shared:
        expected = f"intake.endpoints with one of: {', '.join(known)}"
        raise ArtifactError("the model knows none of the labels' endpoints", where=str(model.folder), expected=expected)
    for endpoint in shared:
        own = known[endpoint.name]
        if endpoint != own and not (endpoint.binary and own.kind == "classification"):
            raise ConfigError(
                f"the labels are of '{endpoint.text}', and the model answers '{own.text}'",
                where=str(model.folder),
                expected=f"intake.endpoints with '{own.text}'",
            )
