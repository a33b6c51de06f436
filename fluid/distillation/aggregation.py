"""How the predictions of several models become one soft label in federated distillation: pure functions of tensors."""

import math

import torch
from torch import Tensor

from fluid.distillation.checks import require_dimensions, require_range, require_shape

EPSILON = 1e-6


def sharpen(soft_label: Tensor, is_class: Tensor, temperature: float) -> Tensor:
    """Return soft labels with less entropy (or more): `σ(logit(q) / temperature)`; values are left alone.

    DS-FL's entropy reduction aggregation puts a softmax with a temperature on the mean prediction. Its "logits" are what the networks
    put out; here the mean is a probability and goes through its logit, so that a temperature of 1 changes nothing, bit by bit.

    Args:
        soft_label: Mean predictions, `(M, T)`; NaN is missing.
        is_class: Which columns are probabilities, `(T,)` bool.
        temperature: Above 0; below 1 the labels become harder.

    Returns:
        `(M, T)`.

    Raises:
        ShapeError: Shapes disagree.
        ValueError: The temperature is not above 0 or not finite, or a probability is outside [0, 1].

    References:
        Itahara et al. 2020, Distillation-based semi-supervised federated learning, arXiv:2008.06180, sec. 3.3.
    """
    require_dimensions("soft_label", soft_label, 2, "(molecules, endpoints)")
    require_shape("is_class", is_class, (soft_label.shape[1],))
    require_range("soft_label", soft_label[:, is_class], 0.0, 1.0)
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature is {temperature}; expected a finite number above 0.")
    if temperature == 1:
        return soft_label
    sharp = torch.sigmoid(torch.logit(soft_label.double()) / temperature).to(soft_label.dtype)
    return torch.where(is_class, sharp, soft_label)


def mean_logits(predictions: Tensor, is_class: Tensor) -> Tensor:
    """Return `σ(1/K Σ_k logit p_k)` for probabilities and the mean for values: FedDF's ensemble.

    Args:
        predictions: Probabilities or values of `K` models, `(K, M, T)`; probabilities are clipped at 10⁻⁶.
        is_class: Which columns are probabilities, `(T,)` bool.

    Returns:
        `(M, T)`; the same for any order of the models up to rounding.

    Raises:
        ShapeError: Shapes disagree.

    References:
        Lin et al. 2020, Ensemble distillation for robust model fusion in federated learning, arXiv:2006.07242, eq. 2.
    """
    require_dimensions("predictions", predictions, 3, "(models, molecules, endpoints)")
    require_shape("is_class", is_class, (predictions.shape[2],))
    logits = torch.logit(predictions.double().clamp(0, 1), eps=EPSILON).mean(0)
    return torch.where(is_class, torch.sigmoid(logits), predictions.double().mean(0)).to(predictions.dtype)
