"""A network that reads graphs and counts of substructures, as one module whose parts are trained together."""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from fluid.data.endpoints import Endpoint
from fluid.models.encoders import Distinct
from fluid.models.head import Head
from fluid.models.network import Network
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.batch import GraphBatch
from fluid.molecules.count_batch import Counts


class CountedBatch(NamedTuple):
    """Molecules as graphs and as counts."""

    graph: GraphBatch | Distinct
    counts: Counts


class WideHead(nn.Module):
    """A head on molecule vectors whose last `T` numbers are scores of their own: they are added to its logits or values.

    Args:
        head: What reads the other numbers.
        n_endpoints: `T`.
    """

    def __init__(self, head: Head, n_endpoints: int) -> None:
        super().__init__()
        self.head, self.n_endpoints = head, n_endpoints

    def forward(self, vectors: Tensor) -> tuple[Tensor, ...]:
        """Return what the head says, with the scores in it, `(B, T)` each."""
        mean, *more = self.head(vectors[:, : -self.n_endpoints])
        return mean + vectors[:, -self.n_endpoints :], *more

    def sample(self, vectors: Tensor, generator: torch.Generator, n: int) -> tuple[Tensor, ...]:
        """Return `n` MC-dropout samples, `(n, B, T)` each; the scores are the same in all of them."""
        mean, *more = self.head.sample(vectors[:, : -self.n_endpoints], generator, n)
        return mean + vectors[:, -self.n_endpoints :], *more


class CountNetwork(Network):
    """A graph network beside a table of substructures.

    `joint`: the table has a weight per substructure and endpoint, `z = z_network + Σ_b w_b log(1 + n_b)`.
    `fingerprint`: it has `hidden` numbers per substructure, whose sum over a molecule is set beside the encoder's vector in front of the
    head.

    Args:
        spec: Both parts, and how they are combined.
        endpoints: The `T` endpoints.

    Attributes:
        labels: How many labels are learnt from: the additive model's penalty is weighed against their sum, a network's against their mean.
    """

    def __init__(self, spec: WideDeepSpec, endpoints: tuple[Endpoint, ...]) -> None:
        super().__init__(spec.network, endpoints)
        self.whole, self.labels, n_endpoints = spec, 1, len(endpoints)
        width = n_endpoints if spec.is_joint else spec.network.hidden
        self.table = nn.EmbeddingBag(spec.additive.n_bits, width, mode="sum", include_last_offset=True)
        if spec.is_joint:
            nn.init.zeros_(self.table.weight)
            self.head = WideHead(self.head, n_endpoints)  # type: ignore[assignment]
        else:
            nn.init.normal_(self.table.weight, std=0.05)
            vectors = cast(int, self.encoder.width) + width
            self.head = self.head_of(vectors, [endpoint.kind == "classification" for endpoint in endpoints])

    @property
    def penalised(self) -> tuple[nn.Parameter, ...]:
        """Weights that have the additive model's penalty in the place of the network's decay."""
        return (cast(nn.Parameter, self.table.weight),) if self.whole.is_joint else ()

    def penalty(self) -> Tensor | None:
        """Return `‖w‖² / 2 C n` of the additive part, for a mean loss over `n` labels."""
        if not self.whole.is_joint:
            return None
        return 0.5 * (self.table.weight**2).sum() / (self.whole.strength * self.labels)

    def encode(self, batch: GraphBatch | Distinct | CountedBatch) -> Tensor:
        """Return vectors of graphs alone, or of graphs and counts."""
        if isinstance(batch, CountedBatch):
            return self.join(super().encode(batch.graph), batch.counts)
        return super().encode(batch)

    def join(self, vectors: Tensor, counts: Counts) -> Tensor:
        """Return the head's input: vectors of graphs, `(B, encoder.width)`, beside what the table says of the counts."""
        said = self.table(counts.columns, counts.ends, counts.values.to(self.table.weight.dtype))
        return torch.cat([vectors, said if self.whole.is_joint else F.relu(said)], dim=1)
