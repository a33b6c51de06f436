"""The door for Python: the steps of a federation as functions, and what they make as objects.

Every function does what the verb of the same name does on the command line: the same settings, the same stages, the same bytes.

Molecules are given as the path of a file, as a pandas `DataFrame` with the columns that the file would have, as a list of SMILES
where no labels are needed, or as a part of the embedded data (`"embedded:transfer"`).

Settings are those of the command line, in any of three forms that may be mixed:

- keywords: `model="forest"`, `seed=3`, `training="tiny"`, `model={"hidden": 64}`;
- a list of overrides as one types them: `settings=["model=forest", "training.teacher.epochs=5"]`;
- a mapping of dotted names: `settings={"training.teacher.epochs": 5}`.

Results go to `out=`, or else to the store (`paths.artifacts`, or the environment variable `FLUID_STORE`), where an equal call finds
them again; `.save(folder)` copies one from there. `fluid gc` empties the store: save what you want to keep.

Example:
    >>> import fluid
    >>> teacher = fluid.train_teacher("assay.csv", endpoints=["pic50 >= 5"], company="Acme")  # doctest: +SKIP
    >>> teacher.predict(["CCO", "c1ccccc1O"])  # doctest: +SKIP
"""

from fluid.api.audit import Audit, audit
from fluid.api.door import Interrupted
from fluid.api.inspection import Inspection, inspect
from fluid.api.models import Hybrid, Model, Student, Teacher
from fluid.api.opening import load
from fluid.api.released import Annotations, Consensus
from fluid.api.runs import Run, simulate
from fluid.api.steps import aggregate, annotate, distill, evaluate, hybrid, predict, train_teacher
from fluid.errors import FluidError

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
