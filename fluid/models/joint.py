"""A seed ensemble of networks that read graphs and counts together."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

import torch

from fluid.models.count_network import CountNetwork
from fluid.models.ensemble import GraphEnsemble, Planes, SharedChunk
from fluid.models.network import Network
from fluid.models.wide_deep_spec import WideDeepSpec
from fluid.molecules.count_batch import CountTensors


@dataclass(frozen=True, slots=True, eq=False)
class JointEnsemble(GraphEnsemble):
    """A `GraphEnsemble` of `CountNetwork`s; a `Predictor`."""

    kind: ClassVar[str] = "joint"

    @property
    def spec(self) -> WideDeepSpec:
        """The settings by which it can be made anew."""
        return self.members[0].whole

    @property
    def members(self) -> tuple[CountNetwork, ...]:
        """The networks."""
        return cast(tuple[CountNetwork, ...], self.networks)

    def answers(self, chunk: SharedChunk) -> Iterator[Planes]:
        """Yield what all members and samples say; see `GraphEnsemble.answers`. Substructures are counted once for all of them."""
        counts = CountTensors.from_features(self.spec.additive.dictionary.features(chunk), self.device)
        start = 0
        for batch in self.batches(chunk):
            vectors = [Network.encode(network.eval(), batch) for network in self.members]
            part = counts.rows(torch.arange(start, start + len(vectors[0]), device=self.device))
            start += len(vectors[0])
            yield self.said([network.join(own, part) for network, own in zip(self.members, vectors, strict=True)])
