"""FLuID: federated learning using information distillation for molecular property models.

Importing this package is quick and changes no global state. What a researcher calls is here (`fluid.train_teacher`,
`fluid.simulate`, ...; see `fluid.api`) and is loaded when it is first used; parts are in rooms of their own
(`fluid.molecules`, `fluid.distillation`, `fluid.evaluation`, ...).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fluid.version import __version__

if TYPE_CHECKING:  # types for editors and type checkers; at run time each name is loaded when it is first used
    from fluid.api import (
        Annotations,
        Audit,
        Consensus,
        FluidError,
        Hybrid,
        Inspection,
        Interrupted,
        Model,
        Run,
        Student,
        Teacher,
        aggregate,
        annotate,
        audit,
        distill,
        evaluate,
        hybrid,
        inspect,
        load,
        predict,
        simulate,
        train_teacher,
    )

__all__ = [
    "Annotations",
    "Audit",
    "Consensus",
    "FluidError",
    "Hybrid",
    "Inspection",
    "Interrupted",
    "Model",
    "Run",
    "Student",
    "Teacher",
    "__version__",
    "aggregate",
    "annotate",
    "audit",
    "distill",
    "evaluate",
    "hybrid",
    "inspect",
    "load",
    "predict",
    "simulate",
    "train_teacher",
]


def __getattr__(name: str) -> Any:
    """Load a name of the Python interface when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("fluid.api"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """Return the names for completion."""
    return sorted({*globals(), *__all__})
