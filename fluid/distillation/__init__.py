"""Distillation: consensus of teachers and losses for students, as pure tensor functions over `(K, M, T)`.

Needs nothing but torch: `from fluid.distillation import combine, soft_bce`.
"""

from fluid.distillation.combine import METHODS, check_method, combine, teacher_weights
from fluid.distillation.consensus import Consensus
from fluid.distillation.distiller import DistillationLoss
from fluid.distillation.hints import released_hints
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.losses import (
    LOSSES,
    VALUE_LOSSES,
    gaussian_nll,
    huber,
    huber_logits,
    kl_distillation,
    masked,
    mixed,
    mse,
    mse_logits,
    ranking,
    ranking_logits,
    soft_bce,
    weighted_mean,
)
from fluid.distillation.noise import forward_corrected
from fluid.distillation.selection import MODES, hint_of, select
from fluid.distillation.targets import disagreement_variance, sharpened

__all__ = [
    "LOSSES",
    "METHODS",
    "MODES",
    "VALUE_LOSSES",
    "Consensus",
    "DistillationLoss",
    "LossSpec",
    "check_method",
    "combine",
    "disagreement_variance",
    "forward_corrected",
    "gaussian_nll",
    "hint_of",
    "huber",
    "huber_logits",
    "kl_distillation",
    "masked",
    "mixed",
    "mse",
    "mse_logits",
    "ranking",
    "ranking_logits",
    "released_hints",
    "select",
    "sharpened",
    "soft_bce",
    "teacher_weights",
    "weighted_mean",
]
