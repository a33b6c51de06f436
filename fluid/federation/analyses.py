"""Further questions to a finished federation, asked for by `analyses`; each gives one tidy table. By default none is asked."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from fluid.artifacts import Artifact
from fluid.companies.domains import check_rule
from fluid.errors import ConfigError
from fluid.federation.model_folder import read_model
from fluid.federation.simulation import POOLED, STUDENT, Federation, evaluation_of, public_labels, taught_by
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.contribution import contribution_stage
from fluid.federation.stages.cross_domain import Evaluated, cross_domain_stage
from fluid.federation.stages.domain_gain import NearestRule, domain_gain_stage
from fluid.federation.stages.evaluate import ModelRole
from fluid.federation.stages.hybrid import hybrid_name
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage


def cross_domain(federation: Federation, spec: FederationSpec) -> Stage:
    """Evaluate teachers, hybrids, student and pooled model on each company's own chemistry."""
    who = [ModelRole(name, "teacher", name) for name in federation.companies]
    who += [ModelRole(hybrid_name(name), "hybrid", name) for name in federation.annotations]
    who += [ModelRole(STUDENT, "student"), ModelRole(POOLED, "pooled")]
    evaluated = [Evaluated(one, read_model(federation.models[one.name]), federation.evaluated[one.name]) for one in who]
    return cross_domain_stage(federation.companies, evaluated, evaluation_of(federation.data, spec), spec.companies.method)


def domain_gain(federation: Federation, spec: FederationSpec) -> Stage:
    """Count test molecules in the domain of teachers, student and hybrids."""
    rows = np.load(federation.models[STUDENT] / "rows.npy", allow_pickle=False)
    members = {name: federation.companies[name] for name in federation.annotations}
    rule = NearestRule(spec.annotation.edges[0] if spec.annotation.edges else 0.0, spec.annotation.k)
    return domain_gain_stage(members, federation.data.transfer.take(rows), federation.data.tests, rule)


def contribution(federation: Federation, spec: FederationSpec) -> Stage:
    """Divide what the consensus is worth among the teachers."""
    evaluated = {name: federation.evaluated[name] for name in federation.annotations}
    models = {name: read_model(federation.models[name]) for name in evaluated}
    taught = taught_by(federation.data, federation.annotations, public_labels(federation.data, federation.annotations), spec)
    return contribution_stage(evaluated, models, spec.consensus, spec.annotation.edges, evaluation_of(federation.data, spec), taught)


ANALYSES: Mapping[str, Callable[[Federation, FederationSpec], Stage]] = {
    "cross_domain": cross_domain,
    "domain_gain": domain_gain,
    "contribution": contribution,
}


def check_analyses(spec: FederationSpec) -> None:
    """Refuse analyses that are unknown, or that the split cannot give.

    Raises:
        ConfigError: One is.
    """
    if unknown := [name for name in spec.analyses if name not in ANALYSES]:
        raise ConfigError(f"analyses has {unknown[0]!r}", expected="a list of " + ", ".join(ANALYSES))
    if "cross_domain" in spec.analyses:
        check_rule(spec.companies.method)


def analyse(federation: Federation, spec: FederationSpec, runner: Runner) -> Federation:
    """Return the federation with the analyses that the experiment asks for.

    Raises:
        ConfigError: One is unknown, or impossible.
    """
    check_analyses(spec)
    made: dict[str, Artifact] = {name: runner.make(ANALYSES[name](federation, spec)) for name in dict.fromkeys(spec.analyses)}
    return replace(federation, analyses=made)
