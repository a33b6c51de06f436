"""Element losses: one equation each, `(B, T)` in and out, without masks, weights and checks (those are in `losses.py`)."""

import torch
from torch import Tensor
from torch.nn import functional as F

EPSILON = 1e-6


def logit(probs: Tensor) -> Tensor:
    """Return log-odds; probabilities are clipped at 10⁻⁶."""
    return torch.logit(probs, eps=EPSILON)


def bce(logits: Tensor, target: Tensor) -> Tensor:
    """Return `−q log p − (1 − q) log(1 − p)`."""
    return F.binary_cross_entropy_with_logits(logits, target, reduction="none")


def softened_kl(logits: Tensor, target: Tensor, temperature: float) -> Tensor:
    """Return `T² KL(q_T ‖ p_T)` of probabilities softened by a temperature."""
    soft = torch.sigmoid(logit(target) / temperature)
    cross = F.binary_cross_entropy_with_logits(logits / temperature, soft, reduction="none")
    own = F.binary_cross_entropy(soft, soft, reduction="none")
    return (cross - own) * temperature**2


def squared_error(prediction: Tensor, target: Tensor) -> Tensor:
    """Return `(y − μ)²`."""
    return (prediction - target) ** 2


def huber(prediction: Tensor, target: Tensor, delta: float) -> Tensor:
    """Return `½ d²` up to a distance `d` of `delta`, and `δ (|d| − ½ δ)` beyond."""
    return F.huber_loss(prediction, target, reduction="none", delta=delta)


def gaussian(mean: Tensor, log_variance: Tensor, target: Tensor, variance: Tensor | None = None) -> Tensor:
    """Return `½ (log σ² + ((y − μ)² + v) / σ²)`, where `v` is the variance of the target, 0 if `None`."""
    distance = (target - mean) ** 2
    distance = distance if variance is None else distance + variance
    return 0.5 * (log_variance + distance * torch.exp(-log_variance))


def pair_kl(scores: Tensor, target: Tensor) -> Tensor:
    """Return `KL(σ(t_i − t_j) ‖ σ(s_i − s_j))` for all pairs, `(B, B, T)`."""
    difference, wanted = (plane.unsqueeze(1) - plane.unsqueeze(0) for plane in (scores, target))
    cross = F.binary_cross_entropy_with_logits(difference, torch.sigmoid(wanted), reduction="none")
    return cross - F.binary_cross_entropy_with_logits(wanted, torch.sigmoid(wanted), reduction="none")
