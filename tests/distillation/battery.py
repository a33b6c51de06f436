"""What every consensus and every loss must do, in one place."""

import torch
from torch import Tensor

from fluid.distillation import Consensus, combine

K, M, T = 4, 30, 3
KINDS = ("classification", "regression", "classification")


def example(seed: int = 0, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
    """Return annotations of four teachers: probabilities in columns 0 and 2, values in column 1."""
    draw = torch.Generator().manual_seed(seed)
    tensors = {name: torch.rand(K, M, T, generator=draw, dtype=torch.float64) for name in ("predictions", "epistemic", "aleatoric")}
    tensors["epistemic"], tensors["aleatoric"] = tensors["epistemic"] * 0.3, tensors["aleatoric"] * 0.3 + 0.01
    tensors["predictions"][:, :, 1] = tensors["predictions"][:, :, 1] * 6 - 3
    tensors["similarity"] = torch.rand(K, M, generator=draw, dtype=torch.float64) * 0.9 + 0.05
    return {name: tensor.to(dtype) for name, tensor in tensors.items()}


def with_missing(tensors: dict[str, Tensor], missing: Tensor) -> dict[str, Tensor]:
    """Return the annotations with NaN where `missing` `(K, M, T)` says so."""
    planes = ("predictions", "epistemic", "aleatoric")
    return {**tensors, **{name: tensors[name].masked_fill(missing, torch.nan) for name in planes}}


def take(tensors: dict[str, Tensor], teachers: Tensor, molecules: Tensor) -> dict[str, Tensor]:
    """Return some teachers and molecules."""
    return {name: tensor[teachers][:, molecules] for name, tensor in tensors.items()}


def run(method: str, tensors: dict[str, Tensor], **options: float) -> Consensus:
    """Combine the example."""
    return combine(method, tensors, KINDS, **options)
