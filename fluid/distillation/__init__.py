"""Distillation: consensus of teachers and losses for students, as pure tensor functions over `(K, M, T)`.

Needs nothing but torch: `from fluid.distillation import combine, soft_bce`.
"""

from fluid.distillation.combine import METHODS, check_method, combine, teacher_weights
from fluid.distillation.consensus import Consensus
from fluid.distillation.losses import LOSSES, gaussian_nll, kl_distillation, mse_logits, soft_bce
from fluid.distillation.selection import MODES, select

__all__ = [
    "LOSSES",
    "METHODS",
    "MODES",
    "Consensus",
    "check_method",
    "combine",
    "gaussian_nll",
    "kl_distillation",
    "mse_logits",
    "select",
    "soft_bce",
    "teacher_weights",
]
