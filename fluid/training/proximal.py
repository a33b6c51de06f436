"""Local training that stays near the weights it began with: FedProx."""

from collections.abc import Sequence

import torch
from torch import Tensor

from fluid.data.endpoints import Endpoint
from fluid.models.network import Network
from fluid.training.config import TrainingConfig
from fluid.training.module import TeacherModule


class ProximalModule(TeacherModule):
    """A teacher's module with the proximal term `μ/2 ‖w − w₀‖²`, where `w₀` are the trainable weights when a fit starts.

    The recorded loss is without the term, so that curves can be compared.

    Args:
        network: What is trained.
        endpoints: Its endpoints, in column order.
        config: How it is trained.
        total_steps: Optimiser steps of the whole schedule.
        mu: Strength `μ`, 0 or more; 0 is the teacher's module.

    References:
        Li et al. 2020, Federated optimization in heterogeneous networks, arXiv:1812.06127, eq. 2.
    """

    def __init__(self, network: Network, endpoints: Sequence[Endpoint], config: TrainingConfig, total_steps: int, mu: float) -> None:
        super().__init__(network, endpoints, config, total_steps)
        self.mu = mu
        self.anchor: tuple[Tensor, ...] = ()

    def on_train_start(self) -> None:
        """Remember the weights that training starts from."""
        super().on_train_start()
        self.drop_anchor()

    def drop_anchor(self) -> None:
        """Take the present weights as `w₀`."""
        self.anchor = tuple(weight.detach().clone() for weight in self.weights)

    def distance(self) -> Tensor:
        """Return `‖w − w₀‖²`, a scalar; 0 before the first fit."""
        terms = [((weight - start) ** 2).sum() for weight, start in zip(self.weights, self.anchor, strict=False)]
        return torch.stack(terms).sum() if terms else torch.zeros((), device=self.device)

    def penalty(self) -> Tensor:
        """Return the proximal term, `()`."""
        return 0.5 * self.mu * self.distance()
