"""A network: encoder and head."""

from typing import NamedTuple, cast

from torch import Tensor, nn

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.encoders import Distinct, EnvironmentEncoder, build_encoder
from fluid.models.evidential_head import EvidentialHead
from fluid.models.head import Head
from fluid.models.predictor import NetworkSpec
from fluid.molecules.batch import GraphBatch


class Output(NamedTuple):
    """What a network says of a batch.

    Attributes:
        mean: Logit (classification) or scaled value (regression), `(B, T)`.
        log_variance: Logarithm of the scaled variance `(B, T)`; means nothing for classification.
        strength: Evidence of an evidential head `(B, T)`: `S` of classes, `ν` of values; or `None`.
        freedom: `α` of the variance of values, `(B, T)`; or `None`.
    """

    mean: Tensor
    log_variance: Tensor
    strength: Tensor | None = None
    freedom: Tensor | None = None

    def columns(self, chosen: Tensor | slice) -> "Output":
        """Return the output for some endpoints."""
        return Output(*(None if plane is None else plane[:, chosen] for plane in self))  # type: ignore[arg-type]


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
        self.head = self.head_of(cast(int, self.encoder.width), [endpoint.kind == "classification" for endpoint in endpoints])

    def head_of(self, width: int, is_class: list[bool]) -> Head:
        """Return a new head on molecule vectors of a width, for classes and values."""
        if self.spec.evidential:
            return EvidentialHead(width, self.spec.hidden, is_class, self.spec.head_dropout)
        return Head(width, self.spec.hidden, len(is_class), self.spec.head_dropout)

    @property
    def penalised(self) -> tuple[nn.Parameter, ...]:
        """Weights that have a penalty of their own in the place of weight decay; none of a network on graphs alone."""
        return ()

    def penalty(self) -> Tensor | None:
        """Return what is added to the mean loss in training, `()`; nothing for a network on graphs alone."""
        return None

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
