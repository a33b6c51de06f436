"""The baselines that an experiment asks for, as nodes of its graph: made from its own splits, teachers and student."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fluid.artifacts import Artifact
from fluid.federation.baselines.baseline import BASELINES
from fluid.federation.baselines.spec import BaselinesSpec
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.evaluate import ModelRole
from fluid.pipeline.graph import Graph, Node


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
    """Return the models of the baselines that are asked for, with role and owner; those with a model per company come last."""
    models = [BASELINES[name].models(settings, spec) for name, settings in spec.baselines.asked()]
    return [ModelRole(*owned) for own in sorted(models, key=lambda own: len(own) > 1) for owned in own]


def rounds_names(spec: FederationSpec) -> dict[str, str]:
    """Return the nodes of the baselines that have rounds, by baseline."""
    return {name: node for name, _ in spec.baselines.asked() if (node := BASELINES[name].rounds)}


def baseline_nodes(spec: FederationSpec) -> Iterator[Node]:
    """Yield the rounds of every baseline that is asked for, and the models that come of them."""
    for name, settings in spec.baselines.asked():
        yield from BASELINES[name].nodes(settings, spec)


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
