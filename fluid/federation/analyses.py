"""Further questions to a federation, asked for by `analyses`; each gives one tidy table. By default none is asked."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from fluid.companies.domains import check_rule
from fluid.errors import ConfigError
from fluid.federation.data_nodes import COMPANIES, WHOLE
from fluid.federation.evaluation_nodes import evaluation_name, evaluation_of, learns_from_annotations, lesson_of, model_roles
from fluid.federation.model_nodes import LABELS, STUDENT, annotations_name
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.contribution import contribution_stage
from fluid.federation.stages.cross_domain import Evaluated, cross_domain_stage
from fluid.federation.stages.domain_gain import NearestRule, domain_gain_stage
from fluid.pipeline.graph import Node, Step, Values
from fluid.pipeline.stage import Stage

COMPARED = ("teacher", "hybrid", "student", "pooled")


def cross_domain(spec: FederationSpec) -> Node:
    """Evaluate teachers, hybrids, student and pooled model on each company's own chemistry."""
    roles = sorted((role for role in model_roles(spec).values() if role.role in COMPARED), key=lambda role: COMPARED.index(role.role))

    def describe(values: Values) -> Stage:
        evaluated = [Evaluated(role, values[role.name], values[evaluation_name(role.name)]) for role in roles]
        return cross_domain_stage(values[COMPANIES], evaluated, evaluation_of(values[WHOLE], spec), spec.companies.method)

    names = [role.name for role in roles]
    return Step("cross_domain", (WHOLE, COMPANIES, *names, *map(evaluation_name, names)), describe)


def domain_gain(spec: FederationSpec) -> Node:
    """Count test molecules in the domain of teachers, student and hybrids."""
    rule = NearestRule(spec.annotation.edges[0] if spec.annotation.edges else 0.0, spec.annotation.k)

    def describe(values: Values) -> Stage:
        rows = np.load(values[STUDENT].artifact / "rows.npy", allow_pickle=False)
        members = {name: values[COMPANIES][name] for name in spec.members}
        return domain_gain_stage(members, values[WHOLE].transfer.take(rows), values[WHOLE].tests, rule)

    return Step("domain_gain", (WHOLE, COMPANIES, STUDENT), describe)


def contribution(spec: FederationSpec) -> Node:
    """Divide what the consensus is worth among the teachers."""

    def describe(values: Values) -> Stage:
        evaluated = {name: values[evaluation_name(name)] for name in spec.annotators}
        evaluation, lesson = evaluation_of(values[WHOLE], spec), lesson_of(spec, values)
        return contribution_stage(evaluated, spec.consensus, spec.annotation.edges, evaluation, lesson)

    lesson = (LABELS, *map(annotations_name, spec.annotators)) if learns_from_annotations(spec) else ()
    return Step("contribution", (WHOLE, *map(evaluation_name, spec.annotators), *lesson), describe)


ANALYSES: Mapping[str, Callable[[FederationSpec], Node]] = {
    "cross_domain": cross_domain,
    "domain_gain": domain_gain,
    "contribution": contribution,
}


def check_analyses(spec: FederationSpec) -> None:
    """Refuse analyses that are unknown, or that the split cannot give.

    Raises:
        ConfigError: An analysis is unknown, or the split has no rule that divides test molecules among companies.
    """
    if unknown := [name for name in spec.analyses if name not in ANALYSES]:
        raise ConfigError(f"analyses has {unknown[0]!r}", expected="a list of " + ", ".join(ANALYSES))
    if "cross_domain" in spec.analyses:
        check_rule(spec.companies.method)


def analysis_nodes(spec: FederationSpec) -> Iterator[Node]:
    """Yield the analyses that the experiment asks for.

    Raises:
        ConfigError: An analysis is unknown, or impossible for the split.
    """
    check_analyses(spec)
    yield from (ANALYSES[name](spec) for name in dict.fromkeys(spec.analyses))
