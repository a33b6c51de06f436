"""Sharper soft labels: less entropy after combining."""

import torch
from torch import Tensor

from fluid.distillation.checks import Number

SHARPEN = Number(1.0, above=True)
ERA = Number(0.1, above=True)


def sharpen(probs: Tensor, temperature: float = SHARPEN.default) -> Tensor:
    """Return `p^(1/T) / (p^(1/T) + (1 − p)^(1/T)) = σ(logit(p) / T)`.

    MixMatch's sharpening (Berthelot et al. 2019, arXiv:1905.02249, eq. 7), the enhanced ERA of SCARLET (Azuma et al. 2025,
    arXiv:2504.19602), and DS-FL's with logits in the place of probabilities. Exact at 0, ½ and 1; temperature 1 changes nothing, 0 is the
    limit of hard labels, above 1 softens. NaN, missing, stays.

    Args:
        probs: Probabilities of any shape.
        temperature: Above 0.

    Raises:
        ValueError: The temperature is not a finite number above 0.
    """
    temperature = SHARPEN.check("sharpen", temperature)
    return probs if temperature == 1 else torch.sigmoid(torch.logit(probs) / temperature)


def entropy_reduction(probs: Tensor, temperature: float = ERA.default) -> Tensor:
    """Return DS-FL's entropy reduction aggregation of mean probabilities: a softmax of the probabilities themselves over `T`.

    For two classes `softmax([1 − p, p] / T)_1 = σ((2 p − 1) / T)` (Itahara et al. 2020, arXiv:2008.06180; they use 0.1).

    Limits: no temperature leaves labels as they are, and 0 and 1 become `σ(∓1 / T)`; `sharpen` has neither fault.

    Args:
        probs: Probabilities of any shape.
        temperature: Above 0; the smaller, the harder.

    Raises:
        ValueError: The temperature is not a finite number above 0.
    """
    return torch.sigmoid((2 * probs - 1) / ERA.check("temperature", temperature))
