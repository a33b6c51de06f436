"""What a federation trains and combines, as nodes of its graph: teachers, annotations, consensus, student, hybrids, upper bounds."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from functools import partial

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet, union_of_endpoints
from fluid.annotation.spec import AnnotationSpec
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact
from fluid.federation.consensus_table import ConsensusTable, read_consensus
from fluid.federation.consortium_data import TRANSFER, ConsortiumData
from fluid.federation.data_nodes import COMPANIES, DATA
from fluid.federation.model_folder import Model, read_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.annotate import FOLDER, annotate_stage, answer_together, shards_in
from fluid.federation.stages.columns import values_for
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.hybrid import hybrid_name, hybrid_stage
from fluid.federation.stages.hybrid_spec import Released
from fluid.federation.stages.own_teacher import OwnTeacher
from fluid.federation.stages.student import student_stage
from fluid.federation.stages.teacher import teacher_stage
from fluid.federation.stages.teacher_settings import TeacherSettings
from fluid.federation.summed.stage import summed_stage
from fluid.models.predictor import ForestSpec
from fluid.pipeline.graph import Node, Step, Value, Values
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage
from fluid.threads import spread_over
from fluid.training.train import LoggerFactory

STUDENT, POOLED, FOREST, CONSENSUS = "student", "pooled", "forest", "consensus"
LABELS = "public-labels"


def annotations_name(company: str) -> str:
    """Return the name of the node that is a company's annotations."""
    return f"annotations-{company}"


def home_name(company: str, spec: FederationSpec) -> str:
    """Return the name of the node that is the teacher which a company uses itself: the one that it released, unless that has noise."""
    return company if spec.home_settings is None else f"{company}-home"


def open_model(artifact: Artifact, values: Values) -> Model:
    """Open a model."""
    return read_model(artifact)


def teacher_nodes(spec: FederationSpec, runner: Runner) -> Iterator[Node]:
    """Yield the training of each company's teacher on its private split."""
    for name in spec.company_names:
        yield Step(name, (COMPANIES,), partial(_teacher, name, spec.teacher_settings, runner), open_model)


def home_nodes(spec: FederationSpec, runner: Runner) -> Iterator[Node]:
    """Yield the training of each company's teacher for its own use, where the one that it released has noise and hybrids need one."""
    if spec.home_settings is not None and spec.hybrid.needs_teacher:
        for name in spec.members:
            yield Step(home_name(name, spec), (COMPANIES,), partial(_teacher, name, spec.home_settings, runner), open_model)


def _teacher(name: str, settings: TeacherSettings, runner: Runner, values: Values) -> Stage:
    return teacher_stage(name, values[COMPANIES][name], settings, runner.logs("teacher", name))


def bound_nodes(spec: FederationSpec, runner: Runner) -> Iterator[Node]:
    """Yield the pooled teacher, and a forest on the same data if asked; never federated, for comparison only."""
    pooled = spec.pooled_settings
    models = {POOLED: pooled.model} | ({FOREST: ForestSpec()} if spec.evaluation.forest else {})
    for name, model in models.items():
        logger = runner.logs(POOLED) if name == POOLED else runner.logs("teacher", name)
        yield Step(name, (DATA,), partial(_bound, name, pooled.with_model(model), logger), open_model)


def _bound(name: str, settings: TeacherSettings, logger: LoggerFactory, values: Values) -> Stage:
    return teacher_stage(name, values[DATA].pool, settings, logger)


def annotation_nodes(spec: FederationSpec) -> Iterator[Node]:
    """Yield the answers of those who annotate; those asked for together share one pass over the transfer set."""
    for name in spec.annotators:
        yield Step(annotations_name(name), (name, TRANSFER), partial(_annotate, name, spec.annotation), _open_set, annotate_group)


def _annotate(name: str, annotation: AnnotationSpec, values: Values) -> Stage:
    return annotate_stage(values[name], values[TRANSFER], annotation.chunk, annotation.digits)


def _open_set(artifact: Artifact, values: Values) -> AnnotationSet:
    transfer = values[TRANSFER]
    return read_annotation_set(artifact / FOLDER, transfer.transfer_digest, len(transfer))


def annotate_group(asked: Sequence[tuple[Stage, Values]], runner: Runner) -> None:
    """Let some teachers answer the transfer set in one pass, into the scratch folders of their stages.

    They are asked by threads instead of processes: these would load all libraries again, which takes as long as 10,000 molecules.
    """
    store, stages = runner.store, [stage for stage, _ in asked]
    transfer, chunk = asked[0][1][TRANSFER], stages[0].inputs["chunk"]
    models = {stage.key(): next(value for value in values.values() if isinstance(value, Model)) for stage, values in asked}
    with runner.measured("annotate", ", ".join(stage.name for stage in stages)), ExitStack() as alone:
        spread = alone.enter_context(spread_over(min(runner.workers, len(stages))))
        for stage in sorted(stages, key=Stage.key):  # always in one order: nobody waits in a circle
            alone.enter_context(store.making(stage.kind, stage.key()))
        left = [stage for stage in stages if not store.holds(stage.kind, stage.key_inputs())]
        if left:
            pairs = [(models[stage.key()], shards_in(stage.scratch(store))) for stage in left]
            answer_together(pairs, transfer, chunk, runner.progress.advance, spread)


def public_labels(data: ConsortiumData, sets: Sequence[AnnotationSet]) -> np.ndarray | None:
    """Return the public labels of transfer molecules `(M, T)` in the order of the consensus' endpoints; `None` if there is no such file.

    A bound of a value is not learnt: it is no value.
    """
    if data.transfer_labels is None:
        return None
    endpoints = union_of_endpoints(sets)
    known = dict(zip(data.transfer_labels.molecules.keys, values_for(data.transfer_labels, endpoints), strict=True))
    unknown = np.full(len(endpoints), np.nan, dtype=np.float32)
    return np.stack([known.get(key, unknown) for key in data.transfer.molecules.keys])


def consensus_nodes(spec: FederationSpec) -> Iterator[Node]:
    """Yield the public labels, and the consensus of those who annotate."""
    sets = tuple(map(annotations_name, spec.annotators))
    yield Value(LABELS, (DATA, *sets), lambda values: public_labels(values[DATA], [values[name] for name in sets]))
    yield Step(CONSENSUS, (TRANSFER, LABELS, *sets), partial(_consensus, spec, sets), _open_consensus)


def _consensus(spec: FederationSpec, sets: tuple[str, ...], values: Values) -> Stage:
    return consensus_stage([values[name] for name in sets], spec.consensus, spec.annotation.edges, values[LABELS])


def _open_consensus(artifact: Artifact, values: Values) -> ConsensusTable:
    return read_consensus(artifact, values[TRANSFER].transfer_digest)


def student_nodes(spec: FederationSpec, runner: Runner) -> Iterator[Node]:
    """Yield the student, which learns the consensus only; one with a head per teacher also reads what each teacher said.

    One that is made in rounds learns from what is opened of the companies' parts, and from nothing else.
    """
    if spec.distillation.how.in_rounds:
        yield Step(STUDENT, (COMPANIES, TRANSFER), partial(_summed, spec), open_model)
        return
    sets = tuple(map(annotations_name, spec.members)) if spec.distillation.reads_annotations else ()
    yield Step(STUDENT, (CONSENSUS, TRANSFER, *sets), partial(_student, spec, sets, runner), open_model)


def _summed(spec: FederationSpec, values: Values) -> Stage:
    parts = {name: values[COMPANIES][name] for name in spec.members}
    return summed_stage(parts, values[TRANSFER], spec.summed_settings)


def _student(spec: FederationSpec, sets: tuple[str, ...], runner: Runner, values: Values) -> Stage:
    said = [values[name] for name in sets]
    return student_stage(values[CONSENSUS], values[TRANSFER], spec.student_settings, runner.logs(STUDENT), said)


def hybrid_nodes(spec: FederationSpec, runner: Runner) -> Iterator[Node]:
    """Yield each company's hybrid: its own data added back to the released student; only some kinds need its own teacher."""
    for company in spec.members:
        own = (home_name(company, spec),) if spec.hybrid.needs_teacher else ()
        needs = (COMPANIES, TRANSFER, CONSENSUS, STUDENT, *own)
        yield Step(hybrid_name(company), needs, partial(_hybrid, company, spec, runner), open_model)


def _hybrid(company: str, spec: FederationSpec, runner: Runner, values: Values) -> Stage:
    released = Released(values[STUDENT], values[CONSENSUS], values[TRANSFER])
    own = OwnTeacher(values[home_name(company, spec)]) if spec.hybrid.needs_teacher else None
    return hybrid_stage(company, values[COMPANIES][company], released, spec.hybrid_settings, runner.logs("hybrid", company), own)
