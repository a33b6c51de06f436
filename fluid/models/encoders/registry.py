"""Encoders by name."""

from fluid.models.encoders.attentivefp import AttentiveFPEncoder
from fluid.models.encoders.dmpnn import DMPNNEncoder
from fluid.models.encoders.gine import GINEEncoder
from fluid.models.predictor import NetworkSpec

Encoder = GINEEncoder | DMPNNEncoder | AttentiveFPEncoder
KINDS: dict[str, type[Encoder]] = {"gine": GINEEncoder, "dmpnn": DMPNNEncoder, "attentivefp": AttentiveFPEncoder}


def build_encoder(spec: NetworkSpec) -> Encoder:
    """Return a new encoder: it maps a `GraphBatch` to molecule vectors, `(B, encoder.width)`."""
    return KINDS[spec.encoder](spec.hidden, spec.layers, spec.dropout)
