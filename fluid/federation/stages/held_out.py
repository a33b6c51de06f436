"""What a company's own models do not learn from: thresholds, temperatures and guards are chosen on it."""

from collections.abc import Sequence

import numpy as np

from fluid.seeding import numpy_stream
from fluid.training.config import TrainingConfig
from fluid.training.validation_split import split_validation

HELD_OUT = "held_out.json"
"""Rows of the private split that the teacher did not learn from; they stay in the company."""


def own_validation(
    labels: np.ndarray, config: TrainingConfig, seed: int, name: str, skeletons: Sequence[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Return training and validation rows of labels `(M, T)` of molecules with these skeletons; the same ones that training uses."""
    return split_validation(labels, config.validation_share, numpy_stream(seed, name, "validation"), skeletons)
