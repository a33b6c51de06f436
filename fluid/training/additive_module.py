"""Weights of additive models on any device: all endpoints and penalties together, as columns of one sparse embedding.

The objective is that of `fluid.models.additive_solve`, and so is its only minimum. A step is one of Newton's method, whose equations are
solved by conjugate gradients, and whose length is the best of a few; every column has its own numbers, and none of them is read by the
host before the end. Sums over molecules are embedding bags over the transposed features, so that a GPU adds in the same order each time.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from lightning.pytorch import LightningModule
from scipy.sparse import csr_matrix
from torch import Tensor, nn
from torch.nn import functional

from fluid.models.additive_solve import Solved, solved_classes, solved_values
from fluid.training.additive_problem import Problem, Solve
from fluid.training.config import TrainerSpec, TrainingConfig
from fluid.training.fit import check_devices, make_trainer, silence_lightning

STEPS, INNER_STEPS = 15, 60
LENGTHS = tuple(2.0**-power for power in (0, 1, 2, 3, 4, 6, 8, 12, 16))
TINY = torch.finfo(torch.float64).tiny


class Sparse(nn.Module):
    """A sparse matrix that multiplies dense ones from the left, row by row: each row is a bag of embeddings.

    Args:
        matrix: `(M, D)`.
    """

    columns: Tensor
    ends: Tensor
    values: Tensor

    def __init__(self, matrix: csr_matrix) -> None:
        super().__init__()
        self.register_buffer("columns", torch.from_numpy(matrix.indices.astype(np.int64)))
        self.register_buffer("ends", torch.from_numpy(matrix.indptr.astype(np.int64)))
        self.register_buffer("values", torch.from_numpy(matrix.data.astype(np.float64)))

    def forward(self, table: Tensor) -> Tensor:
        """Return the product `(M, A)` with a table `(D, A)`."""
        said = {"per_sample_weights": self.values, "include_last_offset": True}
        return functional.embedding_bag(self.columns, table, self.ends, mode="sum", **said)  # type: ignore[arg-type]


class Direction(NamedTuple):
    """Where a step goes: weights `(D, A)`, bias `(A,)` and the change of the scores `(M, A)`."""

    weights: Tensor
    bias: Tensor
    scores: Tensor


class AdditiveModule(LightningModule):
    """Minimise `½ ‖w‖² + C Σ_i m_i ℓ_i(x_i·w + b)` for `A` columns on the same molecules; a training step is one of Newton's method.

    Args:
        features: `(M, D)`.
        targets: Classes or soft labels, or values of mean 0 and variance 1, `(M, A)`; any number where the mass is 0.
        mass: Weight of each molecule `(M, A)`; 0 where it does not count.
        strength: `C` of each column `(A,)`.
        is_class: Which columns are classes `(A,)` bool.

    Attributes:
        weights: The sparse embedding `(D, A)`.
        bias: `(A,)`.
    """

    targets: Tensor
    pull: Tensor
    is_class: Tensor

    def __init__(self, features: csr_matrix, targets: np.ndarray, mass: np.ndarray, strength: np.ndarray, is_class: np.ndarray) -> None:
        super().__init__()
        self.automatic_optimization = False
        self.features, self.turned = Sparse(features), Sparse(features.T.tocsr())
        self.squared = Sparse(features.T.tocsr().power(2))
        self.register_buffer("targets", torch.from_numpy(targets.astype(np.float64)))
        self.register_buffer("pull", torch.from_numpy(mass * strength))
        self.register_buffer("is_class", torch.from_numpy(is_class))
        share = np.clip((mass * targets).sum(axis=0) / mass.sum(axis=0), 1e-3, 1 - 1e-3)
        start = np.where(is_class, np.log(share / (1 - share)), 0.0)
        self.weights = nn.Parameter(torch.zeros(features.shape[1], len(strength), dtype=torch.float64), requires_grad=False)
        self.bias = nn.Parameter(torch.from_numpy(start), requires_grad=False)

    def losses(self, scores: Tensor) -> Tensor:
        """Return `C Σ_i m_i ℓ_i` of each column `(A,)`, for scores `(M, A)`."""
        classes = functional.softplus(scores) - self.targets * scores
        values = 0.5 * (scores - self.targets) ** 2
        losses: Tensor = self.pull * torch.where(self.is_class, classes, values)
        return losses.sum(dim=0)

    def direction(self, scores: Tensor) -> Direction:
        """Return Newton's direction; of the bias the equations are solved exactly, so that features are as if they were centred."""
        said = torch.where(self.is_class, torch.sigmoid(scores), scores)
        curvature = self.pull * torch.where(self.is_class, said * (1 - said), 1.0)
        apart = self.pull * (said - self.targets)
        total = curvature.sum(dim=0).clamp_min(TINY)
        middle, down = self.turned(curvature) / total, apart.sum(dim=0)
        diagonal = 1 + (self.squared(curvature) - total * middle**2).clamp_min(0)

        def curved(vector: Tensor) -> Tensor:
            pulled: Tensor = self.turned(curvature * (self.features(vector) - (middle * vector).sum(dim=0)))
            return vector + pulled

        weights = conjugate_gradients(curved, middle * down - self.weights - self.turned(apart), diagonal)
        bias = -down / total - (middle * weights).sum(dim=0)
        return Direction(weights, bias, self.features(weights) + bias)

    def length(self, scores: Tensor, way: Direction) -> Tensor:
        """Return the best of `LENGTHS` and 0 for each column `(A,)`: no step makes the objective larger."""
        lengths = self.bias.new_tensor([0.0, *LENGTHS])
        along, square = (self.weights * way.weights).sum(dim=0), (way.weights**2).sum(dim=0)
        found = [self.losses(scores + length * way.scores) + length * along + 0.5 * length**2 * square for length in lengths.unbind()]
        return lengths[torch.stack(found).argmin(dim=0)]

    def training_step(self, batch: Any, batch_idx: int) -> None:
        """Take one step; all molecules are in it, whatever the batch."""
        scores = self.features(self.weights) + self.bias
        way = self.direction(scores)
        length = self.length(scores, way)
        self.weights.add_(length * way.weights)
        self.bias.add_(length * way.bias)

    def configure_optimizers(self) -> Any:
        """Return none: the steps are exact."""
        return []


def conjugate_gradients(matrix: Any, right: Tensor, diagonal: Tensor) -> Tensor:
    """Return what `INNER_STEPS` of conjugate gradients find for `matrix(x) = right`, column by column, `(D, A)`.

    Hestenes & Stiefel 1952, doi:10.6028/jres.049.044, scaled by the diagonal of the matrix; a column that is solved stands still.
    """
    found, rest = torch.zeros_like(right), right
    scaled = rest / diagonal
    way, size = scaled, (rest * scaled).sum(dim=0)
    for _ in range(INNER_STEPS):
        image = matrix(way)
        step = size / (way * image).sum(dim=0).clamp_min(TINY)
        found, rest = found + step * way, rest - step * image
        scaled = rest / diagonal
        before, size = size, (rest * scaled).sum(dim=0)
        way = scaled + size / before.clamp_min(TINY) * way
    return found


def solve_together(problem: Problem, strengths: Sequence[float], trainer: TrainerSpec) -> Solve:
    """Return a solver that has solved for all endpoints and strengths at once, on the trainer's device.

    Raises:
        ConfigError: The settings ask for a GPU that is not there.
    """
    columns, rows, many = problem.columns, problem.rows, len(strengths)
    targets, mass = np.zeros((len(rows), len(columns))), np.zeros((len(rows), len(columns)))
    for place, column in enumerate(columns):
        counts = np.isin(rows, column.known(rows))
        _, targets[counts, place], mass[counts, place] = problem.part(place)
    strength, is_class = np.tile(np.asarray(strengths, float), len(columns)), np.repeat([column.is_class for column in columns], many)
    module = AdditiveModule(problem.features[rows], np.repeat(targets, many, 1), np.repeat(mass, many, 1), strength, is_class)
    carry_out(module, trainer)
    weights, bias = module.weights.numpy(force=True), module.bias.numpy(force=True)

    def solve(place: int, strength: float) -> Solved:
        column = place * many + list(strengths).index(strength)
        finish = solved_classes if columns[place].is_class else solved_values
        return finish(*problem.part(place), strength, np.ascontiguousarray(weights[:, column]), float(bias[column]))

    return solve


def carry_out(module: AdditiveModule, trainer: TrainerSpec) -> None:
    """Take all steps on one device, in double precision.

    Raises:
        ConfigError: The settings ask for a GPU that is not there.
    """
    check_devices(trainer)
    accelerator = ("gpu" if torch.cuda.is_available() else "cpu") if trainer.accelerator == "auto" else trainer.accelerator
    one = replace(trainer, accelerator=accelerator, devices=1, strategy="auto", precision="64-true")
    with silence_lightning():
        make_trainer(TrainingConfig(epochs=1), one, [], None, False).fit(module, range(STEPS))
