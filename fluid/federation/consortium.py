"""A consortium by files: every party runs its own steps, in its own folders, with the stages of the simulation.

Companies call `train_teacher`, `annotate`, `hybrid` and `evaluate` (`company.py`), and `audit` before they send anything (`audit.py`); the
coordinator calls `aggregate` and `distill` (`coordinator.py`). Only annotation sets travel to the coordinator, only consensus and student
travel back; a student of heads shows what each teacher said, so that companies have to agree on it.
"""

from fluid.federation.audit import audit
from fluid.federation.company import annotate, evaluate, hybrid, train_teacher
from fluid.federation.coordinator import aggregate, distill, read_sets
from fluid.federation.files import read_file

__all__ = ["aggregate", "annotate", "audit", "distill", "evaluate", "hybrid", "read_file", "read_sets", "train_teacher"]
