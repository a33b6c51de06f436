"""Every loss under one signature, for the battery in `test_losses.py`: `(prediction, target, weight)`, targets in (0, 1)."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from fluid.distillation import (
    LOSSES,
    correct_forward,
    gaussian_nll,
    huber,
    kl_distillation,
    mse,
    ranking,
    ranking_logits,
    soft_bce,
)

B, T = 12, 3
CONFUSION = torch.tensor([[[0.9, 0.1], [0.2, 0.8]], [[0.7, 0.3], [0.1, 0.9]], [[1.0, 0.0], [0.3, 0.7]]], dtype=torch.float64)


def example() -> tuple[Tensor, Tensor, Tensor]:
    """Return predictions, targets in (0.05, 0.95) and weights."""
    draws = [torch.Generator().manual_seed(seed) for seed in range(3)]
    prediction = torch.randn(B, T, generator=draws[0], dtype=torch.float64)
    target, weight = (torch.rand(B, T, generator=draw, dtype=torch.float64) for draw in draws[1:])
    return prediction, 0.05 + 0.9 * target, weight


@dataclass(frozen=True)
class Loss:
    """A loss, and the prediction that it is least for."""

    name: str
    function: Callable[..., Tensor]
    best: Callable[[Tensor], Tensor] = torch.logit

    def __call__(self, prediction: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        return self.function(prediction, target, weight)


def variance_at_one(mean: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Stand for `gaussian_nll`."""
    return gaussian_nll(mean, torch.zeros_like(mean), target, weight)


def softened(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Stand for `kl_distillation` at another temperature."""
    return kl_distillation(logits, target, weight, temperature=3.0)


def forwarded(logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Stand for the forward correction, with one confusion for as many endpoints as there are."""
    return soft_bce(correct_forward(logits, MILD.to(logits).expand(logits.shape[-1], 2, 2)), target, weight)


MILD = torch.tensor([[0.97, 0.03], [0.04, 0.96]], dtype=torch.float64)
"""A confusion that leaves room for all targets of the example."""


def unconfused(target: Tensor) -> Tensor:
    """Return the log-odds of the true class whose observed probability is the target, under `MILD`."""
    return torch.logit((target - MILD[0, 1]) / (MILD[1, 1] - MILD[0, 1]))


def itself(target: Tensor) -> Tensor:
    """Return the target."""
    return target.clone()


POINTWISE = [
    *(Loss(name, function) for name, function in LOSSES.items()),
    Loss("softened", softened),
    Loss("forwarded", forwarded, unconfused),
    Loss("gaussian_nll", variance_at_one, itself),
    Loss("huber", huber, itself),
    Loss("mse", mse, itself),
]
PAIRWISE = [Loss("ranking", ranking, itself), Loss("ranking_logits", ranking_logits)]
EVERY = [*POINTWISE, *PAIRWISE]
