"""The baselines that an experiment asks for, as nodes of its graph: made from its own splits, teachers and student."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fluid.artifacts import Artifact
from fluid.federation.baselines.dsfl import dsfl_stage
from fluid.federation.baselines.fedavg import fedavg_stage
from fluid.federation.baselines.feddf import feddf_stage
from fluid.federation.baselines.fedmd import CENTRAL, NAME, fedmd_stage, member_name, member_stage
from fluid.federation.baselines.fedprox import fedprox_stage
from fluid.federation.baselines.sge import ensemble_name, sge_stage
from fluid.federation.baselines.spec import BaselinesSpec
from fluid.federation.consortium_data import TRANSFER
from fluid.federation.data_nodes import COMPANIES
from fluid.federation.model_nodes import open_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.evaluate import ModelRole
from fluid.pipeline.graph import Graph, Node, Step, Values
from fluid.pipeline.stage import Stage

FEDMD_ROUNDS = f"{NAME}-rounds"
WEIGHTS: Mapping[str, Callable[..., Stage]] = {"fedavg": fedavg_stage, "fedprox": fedprox_stage, "feddf": feddf_stage}
PREDICTIONS: Mapping[str, Callable[..., Stage]] = {"fedmd": fedmd_stage, "dsfl": dsfl_stage}


@dataclass(frozen=True, slots=True)
class BaselineModel:
    """A model of a baseline: artifact, role in the score table, owner (empty: everybody)."""

    artifact: Artifact
    role: str
    company: str = ""


@dataclass(frozen=True, slots=True)
class Baselines:
    """What the baselines made.

    Attributes:
        models: Models by name.
        rounds: Artifacts that say what was sent, by baseline.
        spec: What was asked for.
    """

    models: Mapping[str, BaselineModel] = field(default_factory=dict)
    rounds: Mapping[str, Artifact] = field(default_factory=dict)
    spec: BaselinesSpec = field(default_factory=BaselinesSpec)


def baseline_roles(spec: FederationSpec) -> list[ModelRole]:
    """Return the models of the baselines that are asked for, with role and owner."""
    asked = dict(spec.baselines.asked())
    roles = [ModelRole(name, name) for name in asked if name not in (NAME, "sge")]
    if NAME in asked:
        roles += [ModelRole(NAME, NAME), *(ModelRole(member_name(company), "fedmd_member", company) for company in spec.members)]
    if "sge" in asked:
        roles += [ModelRole(ensemble_name(company), "sge_member", company) for company in spec.members]
    return roles


def rounds_names(spec: FederationSpec) -> dict[str, str]:
    """Return the nodes of the baselines that have rounds, by baseline."""
    return {name: FEDMD_ROUNDS if name == NAME else name for name, _ in spec.baselines.asked() if name != "sge"}


def baseline_nodes(spec: FederationSpec) -> Iterator[Node]:
    """Yield the rounds of every baseline that is asked for, and the models that come of them."""
    for name, settings in spec.baselines.asked():
        if name in WEIGHTS:
            yield Step(name, (COMPANIES, TRANSFER), partial(_of_weights, name, settings, spec), open_model)
        elif name == NAME:
            yield Step(FEDMD_ROUNDS, (COMPANIES, TRANSFER, *spec.members), partial(_of_predictions, name, settings, spec))
            for member, model in ((CENTRAL, NAME), *((company, member_name(company)) for company in spec.members)):
                yield Step(model, (FEDMD_ROUNDS,), partial(_member, member), open_model)
        elif name in PREDICTIONS:
            yield Step(name, (COMPANIES, TRANSFER, *spec.members), partial(_of_predictions, name, settings, spec), open_model)
        else:
            for company in spec.members:
                needs = (COMPANIES, company, settings.federated)
                yield Step(ensemble_name(company), needs, partial(_guided, company, settings, spec), open_model)


def _parts(spec: FederationSpec, values: Values) -> dict[str, Any]:
    return {name: values[COMPANIES][name] for name in spec.members}


def _of_weights(name: str, settings: Any, spec: FederationSpec, values: Values) -> Stage:
    return WEIGHTS[name](_parts(spec, values), values[TRANSFER], spec, settings)


def _of_predictions(name: str, settings: Any, spec: FederationSpec, values: Values) -> Stage:
    teachers = {company: values[company] for company in spec.members}
    return PREDICTIONS[name](_parts(spec, values), teachers, values[TRANSFER], spec, settings)


def _member(member: str, values: Values) -> Stage:
    return member_stage(values[FEDMD_ROUNDS], member)


def _guided(company: str, settings: Any, spec: FederationSpec, values: Values) -> Stage:
    return sge_stage(company, values[COMPANIES][company], values[company], values[settings.federated], spec, settings)


def baselines_in(graph: Graph, spec: FederationSpec) -> Baselines:
    """Return what the baselines of a graph made; they are made now if they are new."""
    names = rounds_names(spec)
    made, roles = graph.make(*names.values()), baseline_roles(spec)
    models = graph.make(*(role.name for role in roles))
    return Baselines(
        {role.name: BaselineModel(models[role.name], role.role, role.company) for role in roles},
        {name: made[node] for name, node in names.items()},
        spec.baselines,
    )
