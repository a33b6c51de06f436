"""The absolute difference of probabilities."""

import torch
from torch import Tensor

from fluid.distillation.element_losses import Compared, ElementLoss


def absolute(spec: object, compared: Compared) -> Tensor:
    """Return `|σ(logit) - q|`."""
    return (torch.sigmoid(compared.mean) - compared.target).abs()


LOSS = ElementLoss(absolute)
