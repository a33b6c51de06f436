"""A network: encoder and head."""

from typing import NamedTuple

from torch import Tensor, nn

from fluid.data.endpoints import Endpoint
from fluid.models.encoders import build_encoder
from fluid.models.head import Head
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphBatch


class Output(NamedTuple):
    """What a network says of a batch.

    Attributes:
        mean: Logit (classification) or scaled value (regression), `(B, T)`.
        log_variance: Logarithm of the scaled variance `(B, T)`; means nothing for classification.
    """

    mean: Tensor
    log_variance: Tensor


class Network(nn.Module):
    """Encoder and head for some endpoints.

    Args:
        spec: Architecture.
        endpoints: The `T` endpoints.
    """

    def __init__(self, spec: NetworkSpec, endpoints: tuple[Endpoint, ...]) -> None:
        super().__init__()
        self.spec, self.endpoints = spec, endpoints
        self.encoder = build_encoder(spec)
        self.head = Head(self.encoder.width, spec.hidden, len(endpoints), spec.head_dropout)

    def forward(self, batch: GraphBatch) -> Output:
        """Answer a batch."""
        return Output(*self.head(self.encoder(batch)))
