"""Distillation: consensus of teachers and losses for students, as pure tensor functions over `(K, M, T)`.

Needs nothing but torch: `from fluid.distillation import combine, soft_bce`.
"""

from fluid.distillation.acquisition import acquisition_scores
from fluid.distillation.combine import (
    Rule,
    check_method,
    combine,
    fit_consensus,
    knows_noise,
    learns,
    needs_labels,
    teacher_weights,
)
from fluid.distillation.consensus import Consensus
from fluid.distillation.dawid_skene import DawidSkene, dawid_skene
from fluid.distillation.distiller import DistillationLoss
from fluid.distillation.evidential import EvidenceSpec
from fluid.distillation.gaussian_em import GaussianEM, gaussian_em
from fluid.distillation.layer import ConsensusLayer
from fluid.distillation.loss_spec import LossSpec
from fluid.distillation.losses import (
    LOSSES,
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
from fluid.distillation.methods import METHODS, Method
from fluid.distillation.noise import LabelNoise, expected_confusion, forward_corrected
from fluid.distillation.selection import MODES, score_name, select
from fluid.distillation.sharpen import entropy_reduction, sharpen
from fluid.distillation.targets import disagreement_variance, hard_class, sharpened

__all__ = [
    "LOSSES",
    "METHODS",
    "MODES",
    "Consensus",
    "ConsensusLayer",
    "DawidSkene",
    "DistillationLoss",
    "EvidenceSpec",
    "GaussianEM",
    "LabelNoise",
    "LossSpec",
    "Method",
    "Rule",
    "check_method",
    "combine",
    "dawid_skene",
    "disagreement_variance",
    "entropy_reduction",
    "expected_confusion",
    "fit_consensus",
    "forward_corrected",
    "gaussian_em",
    "gaussian_nll",
    "hard_class",
    "score_name",
    "huber",
    "huber_logits",
    "kl_distillation",
    "knows_noise",
    "learns",
    "masked",
    "mixed",
    "mse",
    "mse_logits",
    "needs_labels",
    "ranking",
    "ranking_logits",
    "acquisition_scores",
    "select",
    "sharpen",
    "sharpened",
    "soft_bce",
    "teacher_weights",
    "weighted_mean",
]
