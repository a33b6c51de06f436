"""What a baseline is, and all of them by name."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fluid.pipeline.graph import Node
from fluid.registry import Registry

Nodes = Callable[[Any, Any], Iterator[Node]]
Owned = tuple[str, str, str]
"""A model: its name, its role in the score table (`baseline`, unless it is one of ours), and its owner (empty: everybody)."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """Another way of federated learning, to compare with.

    Attributes:
        settings: Dataclass of its settings.
        nodes: `(settings, spec)`: the stages that make its models, as nodes of the graph of a federation (`FederationSpec`).
        models: `(settings, spec)`: its models; each is a node of that name.
        rounds: The node whose artifact says what was sent; empty: nothing is sent beside what others do.
        leaves: What leaves a company, in words.
        averages_weights: Whether weights are averaged, so that all companies must have one architecture.
        learns_soft: Whether teachers or the coordinator's model learn soft labels in its rounds.
        needs: `(settings)`: another baseline that must be asked for too; empty: none.
        mean_of: `(settings)`: the row of the table of facts that its companies' mean is told with; empty: it has no model per company.
        learns_bounds: Whether it reads which of the companies' labels are bounds (`Dataset.censored`), or no label at all.
    """

    settings: type
    nodes: Nodes
    models: Callable[[Any, Any], Sequence[Owned]]
    rounds: str
    leaves: str
    averages_weights: bool = False
    learns_soft: bool = False
    needs: Callable[[Any], str] = lambda _: ""
    mean_of: Callable[[Any], str] = lambda _: ""
    learns_bounds: bool = False


BASELINES: Registry[Baseline] = Registry(
    "fluid.baselines",
    "baseline",
    {
        "fedavg": "fluid.federation.baselines.fedavg:BASELINE",
        "fedprox": "fluid.federation.baselines.fedprox:BASELINE",
        "feddf": "fluid.federation.baselines.feddf:BASELINE",
        "fedmd": "fluid.federation.baselines.fedmd:BASELINE",
        "dsfl": "fluid.federation.baselines.dsfl:BASELINE",
        "sge": "fluid.federation.baselines.sge:BASELINE",
    },
    Baseline,
    "a baseline",
)
"""Baselines by name; a package adds its own under the entry points `fluid.baselines`."""
