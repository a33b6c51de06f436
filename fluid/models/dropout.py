"""Dropout with a cheap mask on CPUs."""

import torch
from torch import Tensor
from torch.nn import functional as F

LEVELS = 256


def dropout(values: Tensor, p: float, training: bool) -> Tensor:
    """Set a share `p` of values to 0 and scale up the rest, in training (Srivastava et al. 2014, JMLR 15, 1929).

    On a CPU the mask is drawn a byte per value instead of a random number per value, which took a tenth of a training step;
    `p` is rounded to 1/256 for it, and the scale is that of the rounded share.
    """
    if not training or p == 0:
        return values
    if values.device.type != "cpu":
        return F.dropout(values, p)
    dropped = min(round(p * LEVELS), LEVELS - 1)
    draws = torch.empty((values.numel() + 7) // 8, dtype=torch.int64).random_(-(2**63), None).view(torch.uint8)[: values.numel()]
    keep = draws.ge(dropped).view(values.shape).to(values.dtype)
    return values * keep.mul_(LEVELS / (LEVELS - dropped))
