"""What a student is asked to learn: the consensus, or what can be made of it."""

import torch
from torch import Tensor

from fluid.distillation.checks import require_range, require_shape
from fluid.distillation.loss_checks import require_positive


def scale_log_odds(probs: Tensor, factor: float) -> Tensor:
    """Return probabilities whose log-odds are `factor` times as large: `q^f / (q^f + (1 − q)^f)`.

    Averages of teachers are flatter than any teacher; a factor above 1 undoes that (DS-FL's entropy reduction, Itahara et al. 2021,
    doi:10.1109/TMC.2021.3070013, with temperature `1/f` on log-probabilities). Certain labels, 1/2 and NaN stay; order is kept.

    Args:
        probs: Probabilities, any shape; NaN is missing.
        factor: Above 0; 1 changes nothing.

    Raises:
        ValueError: A probability is outside [0, 1], or the factor is not above 0.
    """
    require_range("probs", probs, 0.0, 1.0)
    require_positive("factor", factor)
    return probs if factor == 1 else torch.sigmoid(factor * torch.logit(probs))


def hard_class(probs: Tensor) -> Tensor:
    """Return the likelier class of each probability, 0 or 1, of 1/2 class 1: what the paper's student learns (Hanser et al. 2025,
    doi:10.1038/s42256-025-00991-2). It forgets how sure the teachers were. NaN stays.

    Args:
        probs: Probabilities, any shape; NaN is missing.

    Raises:
        ValueError: A probability is outside [0, 1].
    """
    require_range("probs", probs, 0.0, 1.0)
    return torch.where(torch.isnan(probs), probs, (probs >= 0.5).to(probs.dtype))


def disagreement_variance(soft_label: Tensor, confidence: Tensor) -> Tensor:
    """Return the variance between teachers that a confidence `1 / (1 + v / s²)` of values stands for: `v = s² (1 / c − 1)`.

    Args:
        soft_label: Values `(M, T)`, NaN missing; `s²` is their variance over molecules.
        confidence: In [0, 1], `(M, T)`.

    Returns:
        `(M, T)`; NaN where the confidence is 0 or there is no soft label.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: A confidence is outside [0, 1].
    """
    require_shape("confidence", confidence, tuple(soft_label.shape))
    require_range("confidence", confidence, 0.0, 1.0)
    known = ~torch.isnan(soft_label)
    centre = torch.nanmean(soft_label, dim=0, keepdim=True)
    spread = torch.nanmean((soft_label - centre) ** 2, dim=0, keepdim=True)
    return torch.where(known & (confidence > 0), spread * (1 / confidence - 1), torch.full_like(soft_label, torch.nan))
