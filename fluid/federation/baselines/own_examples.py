"""A company's own examples, divided as its teacher divides them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluid.data.censoring import find_bounds
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.federation.stages.held_out import own_validation
from fluid.training.config import TrainingConfig
from fluid.training.loader import Examples
from fluid.training.train import Rows, balanced_weights


@dataclass(frozen=True, slots=True)
class OwnExamples:
    """A private split, divided into what is learnt from and what decides which round is kept.

    Attributes:
        train: Training examples with their loss weights.
        held_out: Validation examples.
        rows: Row indices of both in the private split.
    """

    train: Examples
    held_out: Examples
    rows: Rows


def own_examples(name: str, seed: int, config: TrainingConfig, part: Dataset, endpoints: Sequence[Endpoint]) -> OwnExamples:
    """Divide a private split; the division depends on seed and name of its owner only."""
    labels = part.labels
    rows = own_validation(labels, config, seed, name, part.molecules.skeletons)
    weight = balanced_weights(labels, endpoints) if config.balance else np.ones_like(labels)
    examples = Examples(part.molecules.graphs, labels, weight, censored=find_bounds(part.censored))
    return OwnExamples(examples.take(rows[0]), examples.take(rows[1]), rows)
