"""Element losses: one equation each, `(B, T)` in and out, without masks, weights and checks (those are in `losses.py`)."""

import math

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


def log_normal_cdf(z: Tensor) -> Tensor:
    """Return `log Φ(z)`; unlike that of `torch.special.log_ndtr` (2.13), its slope is right below −1,000 in 32 bits too."""
    low, high = z.clamp(max=-1.0), z.clamp(min=-1.0)
    tail = torch.log(0.5 * torch.special.erfcx(-math.sqrt(0.5) * low)) - 0.5 * low**2
    return torch.where(z < -1, tail, torch.log1p(-0.5 * torch.erfc(math.sqrt(0.5) * high)))


def gaussian_bound(mean: Tensor, log_variance: Tensor, bound: Tensor, side: Tensor) -> Tensor:
    """Return `−log Φ(s (μ − b) / σ)`: how unlikely it is that a value lies above (`s = 1`) or below (`s = −1`) a bound `b`.

    The likelihood of a censored value (Tobin 1958, doi:10.2307/1907382, eq. 5), stable in both tails. In at least 32 bits.
    """
    distance = side * (mean - bound)
    distance = distance if distance.dtype == torch.float64 else distance.float()
    return -log_normal_cdf(distance * torch.exp(-0.5 * log_variance.to(distance.dtype)))


def reached(prediction: Tensor, bound: Tensor, side: Tensor) -> Tensor:
    """Return a target for losses of a distance: the prediction where it is on the right side of its bound, else the bound."""
    return torch.where(side * (prediction - bound) >= 0, prediction, bound)


def pair_kl(scores: Tensor, target: Tensor) -> Tensor:
    """Return `KL(σ(t_i − t_j) ‖ σ(s_i − s_j))` for all pairs, `(B, B, T)`."""
    difference, wanted = (plane.unsqueeze(1) - plane.unsqueeze(0) for plane in (scores, target))
    cross = F.binary_cross_entropy_with_logits(difference, torch.sigmoid(wanted), reduction="none")
    return cross - F.binary_cross_entropy_with_logits(wanted, torch.sigmoid(wanted), reduction="none")
