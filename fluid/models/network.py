"""A network: encoder and head."""

from typing import NamedTuple, cast

from torch import Tensor, nn

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.encoders import Distinct, EnvironmentEncoder, build_encoder
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

    @property
    def environment_encoder(self) -> EnvironmentEncoder | None:
        """The encoder, if it can compute each distinct environment once."""
        return self.encoder if isinstance(self.encoder, EnvironmentEncoder) else None

    def encode(self, batch: GraphBatch | Distinct) -> Tensor:
        """Return molecule vectors `(B, encoder.width)`.

        Raises:
            ConfigError: The batch is of distinct environments and the encoder cannot take them.
        """
        if isinstance(batch, GraphBatch):
            return cast(Tensor, self.encoder(batch))
        if self.environment_encoder is None:
            raise ConfigError(f"encoder {self.spec.encoder!r} takes no distinct environments", remedy="Give it a GraphBatch.")
        return self.environment_encoder.on_environments(batch)

    def forward(self, batch: GraphBatch | Distinct) -> Output:
        """Answer a batch."""
        return Output(*self.head(self.encode(batch)))
