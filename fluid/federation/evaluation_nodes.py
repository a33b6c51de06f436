"""The evaluation of every model of a federation, and of its consensus asked directly, as nodes of its graph."""

from collections.abc import Iterator
from functools import partial

from fluid.distillation.combine import learns
from fluid.federation.baselines.suite import baseline_roles
from fluid.federation.consortium_data import ConsortiumData
from fluid.federation.data_nodes import WHOLE
from fluid.federation.model_nodes import FOREST, LABELS, POOLED, STUDENT, annotations_name
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.evaluate import (
    ConsensusLesson,
    Evaluation,
    ModelRole,
    evaluate_consensus_stage,
    evaluate_stage,
)
from fluid.federation.stages.hybrid import hybrid_name
from fluid.pipeline.graph import Node, Step, Values
from fluid.pipeline.stage import Stage


def evaluation_name(model: str) -> str:
    """Return the name of the node that evaluates a model."""
    return f"evaluate-{model}"


CONSENSUS_EVALUATION = evaluation_name("consensus")


def model_roles(spec: FederationSpec) -> dict[str, ModelRole]:
    """Return every model of a federation by name, with its role and owner, in the order of its score table."""
    roles = [ModelRole(POOLED, POOLED), *([ModelRole(FOREST, FOREST)] if spec.evaluation.forest else [])]
    roles += [ModelRole(name, "teacher", name) for name in spec.company_names]
    roles += [ModelRole(STUDENT, STUDENT), *(ModelRole(hybrid_name(name), "hybrid", name) for name in spec.members)]
    return {role.name: role for role in (*roles, *baseline_roles(spec))}


def evaluation_of(data: ConsortiumData, spec: FederationSpec) -> Evaluation:
    """Return what all models are evaluated on."""
    asked = spec.evaluation
    return Evaluation(data.validation, data.tests, asked.n_bootstrap, spec.seed, asked.threshold, asked.auroc)


def evaluation_nodes(spec: FederationSpec) -> Iterator[Node]:
    """Yield the evaluation of every model on the same tests, and of the consensus, asked directly about them."""
    for name, role in model_roles(spec).items():
        yield Step(evaluation_name(name), (WHOLE, name), partial(_evaluate, role, spec))
    answers, sets = tuple(map(evaluation_name, spec.annotators)), tuple(map(annotations_name, spec.annotators))
    lesson = (LABELS, *sets) if learns_from_annotations(spec) else ()
    yield Step(CONSENSUS_EVALUATION, (WHOLE, *answers, *lesson), partial(_evaluate_consensus, spec))


def _evaluate(role: ModelRole, spec: FederationSpec, values: Values) -> Stage:
    return evaluate_stage(values[role.name], role, evaluation_of(values[WHOLE], spec))


def learns_from_annotations(spec: FederationSpec) -> bool:
    """Return whether the consensus learns from the annotations of the transfer set, or takes its scale of distances from them."""
    return learns(spec.consensus.method, spec.consensus.options) or spec.annotation.domain == "distances"


def lesson_of(spec: FederationSpec, values: Values) -> ConsensusLesson | None:
    """Return what the consensus learns from; `None` if it learns from nothing but what it is asked about."""
    if not learns_from_annotations(spec):
        return None
    return ConsensusLesson(tuple(values[annotations_name(name)] for name in spec.annotators), values[LABELS])


def _evaluate_consensus(spec: FederationSpec, values: Values) -> Stage:
    asked = {name: values[evaluation_name(name)] for name in spec.annotators}
    evaluation, lesson = evaluation_of(values[WHOLE], spec), lesson_of(spec, values)
    return evaluate_consensus_stage(asked, spec.consensus, spec.annotation.edges, evaluation, lesson)
