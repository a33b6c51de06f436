"""Encoders by name."""

from typing import Any, Protocol, cast, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

from fluid.models.predictor import ENCODERS, NetworkSpec
from fluid.molecules.bond_environments import BondEnvironmentBatch
from fluid.molecules.environments import EnvironmentBatch
from fluid.molecules.packed import PackedGraphs

Encoder = nn.Module
Distinct = EnvironmentBatch | BondEnvironmentBatch


class Library(Protocol):
    """Molecules whose distinct environments have names."""

    def batch(self, index: np.ndarray, device: torch.device | str = "cpu") -> Distinct:
        """Return the distinct environments of some molecules."""


@runtime_checkable
class EnvironmentEncoder(Protocol):
    """An encoder that can compute each distinct environment once."""

    @property
    def environment_key(self) -> tuple[str, int]:
        """Encoders of one key read the same environments."""

    def environments(self, graphs: PackedGraphs, compact: bool = True) -> Library:
        """Name the distinct environments of a library; compact names take less memory and more time to make."""

    def on_environments(self, batch: Any) -> Tensor:
        """Return molecule vectors `(B, width)` of a batch of the library, equal to those of `forward` in evaluation mode up to rounding."""


def build_encoder(spec: NetworkSpec) -> Encoder:
    """Return a new encoder: it maps a `GraphBatch` to molecule vectors, `(B, encoder.width)`."""
    return cast(Encoder, ENCODERS[spec.encoder](spec.hidden, spec.layers, spec.dropout))
