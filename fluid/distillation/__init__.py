"""Distillation: consensus of teachers and losses for students, as pure tensor functions over `(K, M, T)`.

Needs nothing but torch: `from fluid.distillation import combine, soft_bce`.
"""

from fluid.distillation.combine import Rule, check_method, combine, fit_consensus, learns, needs_labels, teacher_weights
from fluid.distillation.consensus import Consensus
from fluid.distillation.dawid_skene import DawidSkene, dawid_skene
from fluid.distillation.gaussian_em import GaussianEM, gaussian_em
from fluid.distillation.layer import ConsensusLayer
from fluid.distillation.losses import LOSSES, gaussian_nll, kl_distillation, mse_logits, soft_bce
from fluid.distillation.methods import METHODS, Method
from fluid.distillation.selection import MODES, select
from fluid.distillation.sharpen import entropy_reduction, sharpen

__all__ = [
    "LOSSES",
    "METHODS",
    "MODES",
    "Consensus",
    "ConsensusLayer",
    "DawidSkene",
    "GaussianEM",
    "Method",
    "Rule",
    "check_method",
    "combine",
    "dawid_skene",
    "entropy_reduction",
    "fit_consensus",
    "gaussian_em",
    "gaussian_nll",
    "kl_distillation",
    "learns",
    "mse_logits",
    "needs_labels",
    "select",
    "sharpen",
    "soft_bce",
    "teacher_weights",
]
