"""Nodes that baselines with one common model share."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from fluid.data.dataset import Dataset
from fluid.federation.baselines.baseline import Owned
from fluid.federation.consortium_data import TRANSFER
from fluid.federation.data_nodes import COMPANIES
from fluid.federation.model_nodes import open_model
from fluid.federation.spec import FederationSpec
from fluid.pipeline.graph import Node, Step, Values
from fluid.pipeline.stage import Stage

Describe = Callable[..., Stage]


def parts_of(spec: FederationSpec, values: Values) -> dict[str, Dataset]:
    """Return the private splits of those who take part."""
    return {name: values[COMPANIES][name] for name in spec.members}


def of_weights(name: str, describe: Describe, settings: Any, spec: FederationSpec) -> Iterator[Node]:
    """Yield a baseline that starts from the private splits: `describe(parts, transfer, spec, settings)`."""

    def stage(values: Values) -> Stage:
        return describe(parts_of(spec, values), values[TRANSFER], spec, settings)

    yield Step(name, (COMPANIES, TRANSFER), stage, open_model)


def of_predictions(describe: Describe, settings: Any, spec: FederationSpec, values: Values) -> Stage:
    """Describe the rounds of a baseline that starts from the teachers: `describe(parts, teachers, transfer, spec, settings)`."""
    teachers = {company: values[company] for company in spec.members}
    return describe(parts_of(spec, values), teachers, values[TRANSFER], spec, settings)


def starting_from_teachers(name: str, describe: Describe, settings: Any, spec: FederationSpec) -> Step:
    """Return the node of such rounds."""
    return Step(name, (COMPANIES, TRANSFER, *spec.members), partial(of_predictions, describe, settings, spec))


def one_model(name: str, settings: Any, spec: FederationSpec) -> Sequence[Owned]:
    """Return the one common model of a baseline."""
    return [(name, name, "")]
