"""Encoders by name."""

from typing import Protocol

from torch import Tensor, nn

from fluid.models.encoders.attentivefp import AttentiveFPEncoder
from fluid.models.encoders.dmpnn import DMPNNEncoder
from fluid.models.encoders.gine import GINEEncoder
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphBatch


class Encoder(Protocol):
    """Maps a batch to molecule vectors `(B, width)`."""

    width: int

    def __call__(self, batch: GraphBatch) -> Tensor:
        """Return one vector per molecule."""


def build_encoder(spec: NetworkSpec) -> nn.Module:
    """Return a new encoder; it has an attribute `width`, the size of its vectors."""
    kinds: dict[str, type[nn.Module]] = {"gine": GINEEncoder, "dmpnn": DMPNNEncoder, "attentivefp": AttentiveFPEncoder}
    return kinds[spec.encoder](spec.hidden, spec.layers, spec.dropout)
