"""What every consensus and every loss must do, in one place."""

import torch
from torch import Tensor

from fluid.distillation import METHODS, Consensus, combine

K, M, T = 4, 30, 3
KINDS = ("classification", "regression", "classification")
ROW_WISE = tuple(name for name, method in METHODS.items() if method.learn is None and name != "recalibrated")
BATCH = tuple(name for name in METHODS if name not in ROW_WISE)

WEIGHTED = ("mean", "similarity", "sharp_similarity", "evidence", "uncertainty", "inverse_variance", "entropy", "selective")
"""A weighted mean of answers as they are."""
RESHAPED = ("era", "sharpened")
"""Changes labels after combining, so it repeats nobody."""
BEYOND = (*RESHAPED, "recalibrated", "dawid_skene", "stacking")
"""May leave the range of the teachers' answers, as documented."""
NOT_REPEATED = (*RESHAPED, "dawid_skene", "stacking")
"""Teachers that agree are more (or less) than one of them: independent evidence, or known to be wrong."""
COUNTS_HEADS = ("recalibrated", "dawid_skene", "stacking")
"""Copies of a teacher are more evidence, or others to agree with."""
JOINT = ("geometric_median", "cronus")
"""Sees a teacher's endpoints together."""
BOUNDED = ("median", "trimmed_mean", "geometric_median", "cronus")
"""One teacher of four cannot move a label without bound."""


def example(seed: int = 0, dtype: torch.dtype = torch.float64) -> dict[str, Tensor]:
    """Return annotations of four teachers: probabilities in columns 0 and 2, values in column 1."""
    draw = torch.Generator().manual_seed(seed)
    tensors = {name: torch.rand(K, M, T, generator=draw, dtype=torch.float64) for name in ("predictions", "epistemic", "aleatoric")}
    tensors["epistemic"], tensors["aleatoric"] = tensors["epistemic"] * 0.3, tensors["aleatoric"] * 0.3 + 0.01
    tensors["predictions"][:, :, 1] = tensors["predictions"][:, :, 1] * 6 - 3
    tensors["similarity"] = torch.rand(K, M, generator=draw, dtype=torch.float64) * 0.9 + 0.05
    tensors["labels"] = (torch.rand(M, T, generator=draw, dtype=torch.float64) > 0.5).double()
    tensors["labels"][::2] = torch.nan
    return {name: tensor.to(dtype) for name, tensor in tensors.items()}


def with_missing(tensors: dict[str, Tensor], missing: Tensor) -> dict[str, Tensor]:
    """Return the annotations with NaN where `missing` `(K, M, T)` says so."""
    planes = ("predictions", "epistemic", "aleatoric")
    return {**tensors, **{name: tensors[name].masked_fill(missing, torch.nan) for name in planes}}


def take(tensors: dict[str, Tensor], teachers: Tensor, molecules: Tensor) -> dict[str, Tensor]:
    """Return some teachers and molecules."""
    return {name: tensor[molecules] if name == "labels" else tensor[teachers][:, molecules] for name, tensor in tensors.items()}


def missing_at_random(share: float, seed: int) -> Tensor:
    """Return which answers are missing, `(K, M, T)`."""
    return torch.rand(K, M, T, generator=torch.Generator().manual_seed(seed)) < share


def run(method: str, tensors: dict[str, Tensor], **options: object) -> Consensus:
    """Combine the example."""
    return combine(method, tensors, KINDS, **options)
