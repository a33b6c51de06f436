"""Distillation: consensus of teachers and losses for students, as pure tensor functions over `(K, M, T)`.

Needs nothing but torch: `from fluid.distillation import combine, soft_bce`. A module is imported when one of its names is first asked for:
who learns by one loss imports no consensus.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
        mask_targets,
        mix_losses,
        mse,
        mse_logits,
        ranking,
        ranking_logits,
        soft_bce,
        weighted_mean,
    )
    from fluid.distillation.methods import METHODS, Method
    from fluid.distillation.noise import LabelNoise, correct_forward, expected_confusion
    from fluid.distillation.selection import MODES, score_name, select
    from fluid.distillation.sharpen import entropy_reduction, sharpen
    from fluid.distillation.targets import disagreement_variance, hard_class, scale_log_odds

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
    "correct_forward",
    "gaussian_em",
    "gaussian_nll",
    "hard_class",
    "score_name",
    "huber",
    "huber_logits",
    "kl_distillation",
    "knows_noise",
    "learns",
    "mask_targets",
    "mix_losses",
    "mse",
    "mse_logits",
    "needs_labels",
    "ranking",
    "ranking_logits",
    "acquisition_scores",
    "select",
    "sharpen",
    "scale_log_odds",
    "soft_bce",
    "teacher_weights",
    "weighted_mean",
]

NAMES = {
    "fluid.distillation.acquisition": ("acquisition_scores",),
    "fluid.distillation.combine": (
        "Rule",
        "check_method",
        "combine",
        "fit_consensus",
        "knows_noise",
        "learns",
        "needs_labels",
        "teacher_weights",
    ),
    "fluid.distillation.consensus": ("Consensus",),
    "fluid.distillation.dawid_skene": ("DawidSkene", "dawid_skene"),
    "fluid.distillation.distiller": ("DistillationLoss",),
    "fluid.distillation.evidential": ("EvidenceSpec",),
    "fluid.distillation.gaussian_em": ("GaussianEM", "gaussian_em"),
    "fluid.distillation.layer": ("ConsensusLayer",),
    "fluid.distillation.loss_spec": ("LossSpec",),
    "fluid.distillation.losses": (
        "LOSSES",
        "gaussian_nll",
        "huber",
        "huber_logits",
        "kl_distillation",
        "mask_targets",
        "mix_losses",
        "mse",
        "mse_logits",
        "ranking",
        "ranking_logits",
        "soft_bce",
        "weighted_mean",
    ),
    "fluid.distillation.methods": ("METHODS", "Method"),
    "fluid.distillation.noise": ("LabelNoise", "expected_confusion", "correct_forward"),
    "fluid.distillation.selection": ("MODES", "score_name", "select"),
    "fluid.distillation.sharpen": ("entropy_reduction", "sharpen"),
    "fluid.distillation.targets": ("disagreement_variance", "hard_class", "scale_log_odds"),
}
HOMES = {name: module for module, names in NAMES.items() for name in names}


class Lazy(ModuleType):
    """A package whose functions may have the names of their modules: `fluid.distillation.combine` is the function."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in HOMES and isinstance(value, ModuleType)):  # what an import does with each module of a package
            super().__setattr__(name, value)


def __getattr__(name: str) -> Any:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(HOMES[name]), name)


sys.modules[__name__].__class__ = Lazy
