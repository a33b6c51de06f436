"""What other installed packages add to fluid."""

from collections.abc import Iterator, Mapping
from typing import Any

from fluid.registry import Registry, installed, load

REGISTRIES: Mapping[str, str] = {
    "fluid.models": "fluid.training.kinds.kind:MODELS",
    "fluid.predictors": "fluid.models.kinds.kind:PREDICTORS",
    "fluid.encoders": "fluid.models.predictor:ENCODERS",
    "fluid.consensus": "fluid.distillation.methods:METHODS",
    "fluid.losses": "fluid.distillation.element_losses:ELEMENT_LOSSES",
    "fluid.students": "fluid.federation.stages.student_spec:STUDENTS",
    "fluid.hybrids": "fluid.federation.stages.hybrid_spec:HYBRIDS",
    "fluid.baselines": "fluid.federation.baselines.baseline:BASELINES",
}
"""Where each group of entry points is looked up; imported only where a package adds something to it."""


def registries() -> Iterator[Registry[Any]]:
    """Yield the registries that other packages add to."""
    for group, place in REGISTRIES.items():
        if installed(group):
            yield load(place)


def broken_extensions() -> list[str]:
    """Return a line for each addition of another package that does not work."""
    return [line for registry in registries() for line in registry.broken().values()]
