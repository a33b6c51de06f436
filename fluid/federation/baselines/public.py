"""Public molecules that a round is about, and what models say of them."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from fluid.models.kinds.kind import predict_all
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.seeding import numpy_stream


def public_rows(molecules: int, n: int, seed: int, number: int) -> np.ndarray:
    """Return the sorted rows of the transfer set for a round: `n` drawn at random for each round anew, or all if there are no more.

    Everybody draws them from the experiment's seed: which molecules a round is about is never sent.
    """
    if n >= molecules:
        return np.arange(molecules)
    return np.sort(numpy_stream(seed, "public", number).choice(molecules, n, replace=False))


def answers(predictors: Mapping[str, Predictor], molecules: MoleculeSet, chunk: int) -> dict[str, Tensor]:
    """Return each model's mean predictions `(M, T)` float32, in the same chunks as annotations: the same bits."""
    parts = [[p.mean for p in predict_all(list(predictors.values()), part)] for part in molecules.chunks(chunk)]
    return {name: torch.from_numpy(np.concatenate([part[i] for part in parts])) for i, name in enumerate(predictors)}
