"""Encoders by name."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from fluid.models.encoders.attentivefp import AttentiveFPEncoder
from fluid.models.encoders.dmpnn import DMPNNEncoder
from fluid.models.encoders.gine import GINEEncoder
from fluid.models.predictor import NetworkSpec
from fluid.molecules.environments import EnvironmentBatch

Encoder = GINEEncoder | DMPNNEncoder | AttentiveFPEncoder
KINDS: dict[str, type[Encoder]] = {"gine": GINEEncoder, "dmpnn": DMPNNEncoder, "attentivefp": AttentiveFPEncoder}


@runtime_checkable
class EnvironmentEncoder(Protocol):
    """An encoder that can compute each distinct environment once."""

    def on_environments(self, batch: EnvironmentBatch) -> Tensor:
        """Return molecule vectors `(B, width)`, equal to those of `forward` in evaluation mode up to rounding."""


def build_encoder(spec: NetworkSpec) -> Encoder:
    """Return a new encoder: it maps a `GraphBatch` to molecule vectors, `(B, encoder.width)`."""
    return KINDS[spec.encoder](spec.hidden, spec.layers, spec.dropout)
