"""The whole story in one process, as in Figure 1 of the paper (doi:10.1038/s42256-025-00991-2).

private table → company split → teacher ─┐ (inside one company)
│
══ the boundary: only an AnnotationSet leaves ══
│
public transfer set ─────────────────────┴→ annotations → consensus → student → hybrid → report
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet, union_of_endpoints
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.distillation.combine import learns
from fluid.federation.acquisition_scores import with_acquisition_scores
from fluid.federation.baselines.suite import Baselines, make_baselines
from fluid.federation.consensus_table import read_consensus
from fluid.federation.consortium_data import ConsortiumData, load_data
from fluid.federation.model_folder import Model, read_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.annotate import FOLDER, annotate_stage, answer_together, shards_in
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.evaluate import Evaluation, ModelRole, Taught, evaluate_consensus_stage, evaluate_stage, labels_for
from fluid.federation.stages.hybrid import Released, hybrid_name, hybrid_stage
from fluid.federation.stages.own_teacher import OwnTeacher
from fluid.federation.stages.split import read_owned, read_split, split_stage
from fluid.federation.stages.student import student_stage
from fluid.federation.stages.teacher import teacher_stage
from fluid.models.predictor import ForestSpec, ModelSpec
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage
from fluid.threads import spread_over
from fluid.training.config import TrainingConfig

STUDENT, POOLED = "student", "pooled"
NOTHING: Mapping[str, Artifact] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Federation:
    """All artifacts of one simulated federation, by what they are.

    Attributes:
        data: The molecules.
        split: Division of the pool.
        companies: Private split of each company, also of those that take no part.
        models: Model artifacts by name: pooled, forest, `T1`.., student, `H1`...
        annotations: Annotation artifacts by teacher that takes part.
        consensus: The consensus.
        evaluated: Evaluated answers and scores by model name, and of the consensus itself.
        baselines: Other ways of federated learning, if any was asked for.
        analyses: Answers to further questions, by name; see `fluid.federation.analyses`.
    """

    data: ConsortiumData
    split: Artifact
    companies: Mapping[str, Dataset]
    models: Mapping[str, Artifact]
    annotations: Mapping[str, Artifact]
    consensus: Artifact
    evaluated: Mapping[str, Artifact]
    baselines: Baselines = field(default_factory=Baselines)
    analyses: Mapping[str, Artifact] = field(default_factory=dict)


def simulate(spec: FederationSpec, runner: Runner) -> Federation:
    """Run the whole federation; every stage that is in the store already is reused."""
    data, split, companies = divide(spec, runner)
    teachers = runner.make_all(teacher_stages(companies, spec, runner))
    members, annotators = spec.taking_part.among(companies), spec.taking_part.among(teachers)
    annotations = annotate(annotators, data.transfer, spec, runner)
    # ══ the boundary: from here on, only annotation sets and public molecules are read ══
    labels = public_labels(data, annotations)
    consensus = aggregate(annotations, data.transfer, spec, runner, labels)
    distillation = distil(consensus, data.transfer, spec, runner, annotations)
    bounds = runner.make_all({STUDENT: distillation, **upper_bounds(data.pool, spec, runner)})
    student = bounds.pop(STUDENT)
    # ══ back in each company: the released student meets the private split ══
    released = Released(student, read_model(student), read_consensus(consensus, data.transfer.transfer_digest), data.transfer)
    hybrids = runner.make_all({name: add_back(name, part, teachers[name], released, spec, runner) for name, part in members.items()})
    baselines = make_baselines(members, annotators, student, data.transfer, spec, runner)
    evaluated = evaluate(data, bounds, teachers, student, hybrids, baselines, spec, runner)
    evaluated["consensus"] = evaluate_consensus(data, evaluated, annotators, annotations, labels, spec, runner)
    models = {**bounds, **teachers, STUDENT: student, **{hybrid_name(company): hybrid for company, hybrid in hybrids.items()}}
    models |= {name: model.artifact for name, model in baselines.models.items()}
    return Federation(data, split, companies, models, annotations, consensus, evaluated, baselines)


def divide(spec: FederationSpec, runner: Runner) -> tuple[ConsortiumData, Artifact, Mapping[str, Dataset]]:
    """Read the molecules and divide the pool among companies."""
    data = load_data(spec, runner)
    split = runner.make(split_stage(data.pool, spec.companies, spec.seed))
    runner.progress.note((split / "summary.txt").read_text(encoding="utf-8"))
    notes = (*data.notes, *spec.taking_part.notes(spec.company_names))
    return replace(data, pool=read_owned(split, data.pool), notes=notes), split, read_split(split, data.pool)


def teacher_stages(companies: Mapping[str, Dataset], spec: FederationSpec, runner: Runner) -> dict[str, Stage]:
    """Describe the training of each company's teacher on its private split."""
    return {name: train(name, part, spec.model, spec.training.teacher, spec, runner) for name, part in companies.items()}


def train(name: str, part: Dataset, model: ModelSpec, config: TrainingConfig, spec: FederationSpec, runner: Runner) -> Stage:
    """Describe the training of one model on measured labels."""
    settings = (spec.trainer, spec.annotation, spec.seed, spec.intake.quorum)
    logger = runner.logs(POOLED) if name == POOLED else runner.logs("teacher", name)
    return teacher_stage(name, part, model, config, *settings, logger)


def annotate(teachers: Mapping[str, Artifact], transfer: Dataset, spec: FederationSpec, runner: Runner) -> dict[str, Artifact]:
    """Let every teacher answer the transfer set; here they share one pass over it, which changes no byte."""
    models = {name: read_model(teacher) for name, teacher in teachers.items()}
    stages = {name: annotate_stage(teachers[name], model, transfer, spec.annotation.chunk) for name, model in models.items()}
    if new := runner.new(stages):
        with runner.measured("annotate", ", ".join(new)):
            annotate_group([(models[name], stage) for name, stage in new.items()], transfer, spec.annotation.chunk, runner)
    return {name: runner.make(stage) for name, stage in stages.items()}


def annotate_group(teachers: Sequence[tuple[Model, Stage]], transfer: Dataset, chunk: int, runner: Runner) -> None:
    """Let some teachers answer the transfer set in one pass, into the scratch folders of their stages.

    They are asked by threads instead of processes: these would load all libraries again, which takes as long as 10,000 molecules.
    """
    store = runner.store
    with ExitStack() as alone, spread_over(min(runner.workers, len(teachers))) as spread:
        for stage in sorted((stage for _, stage in teachers), key=Stage.key):  # always in one order: nobody waits in a circle
            alone.enter_context(store.making(stage.kind, stage.key()))
        asked = [(model, shards_in(stage.scratch(store))) for model, stage in teachers if not store.holds(stage.kind, stage.key_inputs())]
        if asked:
            answer_together(asked, transfer, chunk, runner.progress.advance, spread)


def read_sets(annotations: Mapping[str, Artifact], transfer: Dataset) -> list[AnnotationSet]:
    """Read the annotation sets of all teachers."""
    return [read_annotation_set(a.folder / FOLDER, transfer.transfer_digest, len(transfer)) for a in annotations.values()]


def aggregate(
    annotations: Mapping[str, Artifact], transfer: Dataset, spec: FederationSpec, runner: Runner, labels: np.ndarray | None = None
) -> Artifact:
    """Combine the annotation sets of all teachers."""
    sets = read_sets(annotations, transfer)
    stage = consensus_stage(sets, spec.consensus, spec.annotation.edges, labels)
    return runner.make(with_acquisition_scores(stage, sets, len(spec.annotation.edges) + 1))


def public_labels(data: ConsortiumData, annotations: Mapping[str, Artifact]) -> np.ndarray | None:
    """Return the public labels of transfer molecules `(M, T)` in the order of the consensus' endpoints; `None` if there is no such file."""
    if data.transfer_labels is None:
        return None
    endpoints = union_of_endpoints(read_sets(annotations, data.transfer))
    known = dict(zip(data.transfer_labels.table.keys, labels_for(data.transfer_labels, endpoints), strict=True))
    unknown = np.full(len(endpoints), np.nan, dtype=np.float32)
    return np.stack([known.get(key, unknown) for key in data.transfer.table.keys])


def distil(
    consensus: Artifact, transfer: Dataset, spec: FederationSpec, runner: Runner, annotations: Mapping[str, Artifact] = NOTHING
) -> Stage:
    """Describe the training of the student, on the consensus only; one with a head per teacher also reads what each teacher said."""
    sets = read_sets(annotations, transfer) if spec.distillation.mode == "heads" else ()
    table = read_consensus(consensus, transfer.transfer_digest)
    settings = (spec.distillation, spec.student_model, spec.student_config, spec.trainer, spec.selection, spec.annotation, spec.seed)
    return student_stage(consensus, table, transfer, *settings, runner.logs(STUDENT), sets)


def add_back(company: str, part: Dataset, teacher: Artifact, released: Released, spec: FederationSpec, runner: Runner) -> Stage:
    """Describe the training of one company's hybrid; only some kinds need its own teacher."""
    own = OwnTeacher(teacher, read_model(teacher)) if spec.hybrid.needs_teacher else None
    config = replace(spec.training.hybrid, loss=spec.loss)
    settings = (spec.hybrid, spec.selection, config, spec.trainer, spec.annotation, spec.seed, spec.intake.quorum)
    return hybrid_stage(company, part, released, *settings, runner.logs("hybrid", company), own)


def upper_bounds(pool: Dataset, spec: FederationSpec, runner: Runner) -> dict[str, Stage]:
    """Describe the pooled teacher, and a forest on the same data if asked; never federated, for comparison only."""
    bounds = {POOLED: train(POOLED, pool, spec.model, spec.training.pooled, spec, runner)}
    if spec.evaluation.forest:
        bounds["forest"] = train("forest", pool, ForestSpec(), spec.training.pooled, spec, runner)
    return bounds


def evaluation_of(data: ConsortiumData, spec: FederationSpec) -> Evaluation:
    """Return what all models are evaluated on."""
    asked = spec.evaluation
    return Evaluation(data.validation, data.tests, asked.n_bootstrap, spec.seed, asked.threshold, asked.auroc)


def evaluate(
    data: ConsortiumData,
    bounds: Mapping[str, Artifact],
    teachers: Mapping[str, Artifact],
    student: Artifact,
    hybrids: Mapping[str, Artifact],
    baselines: Baselines,
    spec: FederationSpec,
    runner: Runner,
) -> dict[str, Artifact]:
    """Evaluate every model on the same tests."""
    evaluation = evaluation_of(data, spec)
    roles = {
        **{name: (artifact, name, "") for name, artifact in bounds.items()},
        **{company: (artifact, "teacher", company) for company, artifact in teachers.items()},
        STUDENT: (student, STUDENT, ""),
        **{hybrid_name(company): (artifact, "hybrid", company) for company, artifact in hybrids.items()},
        **{name: (model.artifact, model.role, model.company) for name, model in baselines.models.items()},
    }
    opened = {name: read_model(artifact) for name, (artifact, _, _) in roles.items()}
    stages = {
        name: evaluate_stage(artifact, opened[name], ModelRole(name, role, company), evaluation)
        for name, (artifact, role, company) in roles.items()
    }
    return runner.make_all(stages)


def taught_by(data: ConsortiumData, annotations: Mapping[str, Artifact], labels: np.ndarray | None, spec: FederationSpec) -> Taught | None:
    """Return what the consensus learns from, or takes its scale of distances from; `None` if it does neither."""
    if learns(spec.consensus.method, spec.consensus.options) or spec.annotation.domain == "distances":
        return Taught(tuple(read_sets(annotations, data.transfer)), labels)
    return None


def evaluate_consensus(
    data: ConsortiumData,
    evaluated: Mapping[str, Artifact],
    teachers: Mapping[str, Artifact],
    annotations: Mapping[str, Artifact],
    labels: np.ndarray | None,
    spec: FederationSpec,
    runner: Runner,
) -> Artifact:
    """Evaluate the consensus, asked directly about the same tests; what it learns, it learns on the transfer set."""
    evaluation, taught = evaluation_of(data, spec), taught_by(data, annotations, labels, spec)
    asked = {name: evaluated[name] for name in teachers}
    opened = {name: read_model(artifact) for name, artifact in teachers.items()}
    return runner.make(evaluate_consensus_stage(asked, opened, spec.consensus, spec.annotation.edges, evaluation, taught))
