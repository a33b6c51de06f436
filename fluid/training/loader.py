"""Labelled graph batches made by index arithmetic; no per-molecule Python objects."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from fluid.errors import ShapeError
from fluid.models.count_network import CountedBatch
from fluid.models.encoders import Distinct, Library
from fluid.molecules.batch import GraphBatch, GraphTensors, gather
from fluid.molecules.count_batch import CountTensors
from fluid.molecules.packed import PackedGraphs
from fluid.seeding import torch_stream

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class Examples:
    """Molecules with targets to learn from.

    Attributes:
        graphs: `M` molecular graphs.
        target: Hard labels, soft labels or values, `(M, T)` float32; NaN is missing.
        weight: Weight of each target in the loss, `(M, T)` float32.
        hard: Measured labels beside soft ones, `(M, T)`, NaN missing; or `None`.
        variance: Variance of each target, `(M, T)`, NaN unknown; or `None`.
        censored: Which measured labels (in `hard`, if there are any, else in `target`) are bounds, `(M, T)`: −1 where the true value is
            below, 1 where it is above, else 0; or `None`.
        counts: Features of substructures `(M, D)`, sparse, for networks that read them beside graphs; or `None`.

    Raises:
        ShapeError: The row counts or shapes disagree.
    """

    graphs: PackedGraphs
    target: np.ndarray
    weight: np.ndarray
    hard: np.ndarray | None = None
    variance: np.ndarray | None = None
    censored: np.ndarray | None = None
    counts: "csr_matrix | None" = None

    def __post_init__(self) -> None:
        """Check that all parts have the same rows."""
        if self.target.shape != self.weight.shape or self.target.ndim != 2 or len(self.target) != len(self.graphs):
            raise ShapeError(
                f"target {self.target.shape} and weight {self.weight.shape} do not fit {len(self.graphs)} graphs",
                expected="two arrays (M, T) with one row per graph",
            )
        for name in ("hard", "variance", "censored"):
            plane = getattr(self, name)
            if plane is not None and plane.shape != self.target.shape:
                raise ShapeError(f"{name} has shape {plane.shape}", expected=str(self.target.shape))

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: np.ndarray) -> "Examples":
        """Return the examples at `rows`."""
        more = (None if plane is None else plane[rows] for plane in (self.hard, self.variance, self.censored, self.counts))
        return Examples(self.graphs.take(rows), self.target[rows], self.weight[rows], *more)

    def scaled(self, location: np.ndarray, scale: np.ndarray) -> "Examples":
        """Return the examples with targets moved by `-location` and divided by `scale`, `(T,)` each."""
        target = ((self.target - location) / scale).astype(np.float32)
        hard = None if self.hard is None else ((self.hard - location) / scale).astype(np.float32)
        variance = None if self.variance is None else (self.variance / scale**2).astype(np.float32)
        return Examples(self.graphs, target, self.weight, hard, variance, self.censored, self.counts)


class LabelledBatch(NamedTuple):
    """One training batch: graphs, targets and weights `(B, T)`; measured labels, variances and bounds `(B, T)` where there are any."""

    graph: GraphBatch | Distinct | CountedBatch
    target: Tensor
    weight: Tensor
    hard: Tensor | None = None
    variance: Tensor | None = None
    censored: Tensor | None = None


Naming = Callable[[PackedGraphs], Library]


def _distinct(library: Library, device: torch.device, rows: Tensor) -> Distinct:
    return library.batch(rows.cpu().numpy(), device)


def batches_of(graphs: PackedGraphs, device: torch.device, environments: Naming | None) -> Callable[[Tensor], GraphBatch | Distinct]:
    """Return a function from rows to a batch: of whole graphs, or of distinct environments."""
    if environments is None:
        return partial(gather, GraphTensors.from_packed(graphs, device))
    return partial(_distinct, environments(graphs), device)


def _counted(graph: Callable[[Tensor], GraphBatch | Distinct], counts: CountTensors, rows: Tensor) -> CountedBatch:
    return CountedBatch(graph(rows), counts.rows(rows))


def with_counts(
    graph: Callable[[Tensor], GraphBatch | Distinct], counts: "csr_matrix | None", device: torch.device
) -> Callable[[Tensor], GraphBatch | Distinct | CountedBatch]:
    """Return a function from rows to batches that have counts too, if there are any."""
    return graph if counts is None else partial(_counted, graph, CountTensors.from_features(counts, device))


class ExampleLoader:
    """Iterate over examples in batches, on the device where the data lie.

    The order of epoch `e` is the stream `(seed, "order", e)`: it depends neither on other streams nor on how often
    the loader was used before. Under `torch.distributed` each rank takes its share of every epoch.

    Args:
        examples: What to iterate over.
        batch_size: Molecules per batch.
        seed: Seed of the shuffling streams; `None` keeps the given order.
        device: Where the batches are made.
        environments: Names the distinct environments of which batches are made; `None` makes batches of whole graphs.
    """

    def __init__(
        self, examples: Examples, batch_size: int, seed: int | None, device: torch.device, environments: Naming | None = None
    ) -> None:
        self.graph = with_counts(batches_of(examples.graphs, device, environments), examples.counts, device)
        self.target = torch.as_tensor(examples.target, dtype=torch.float32, device=device)
        self.planes = tuple(
            None if plane is None else torch.as_tensor(plane, dtype=torch.float32, device=device)
            for plane in (examples.weight, examples.hard, examples.variance, examples.censored)
        )
        self.batch_size, self.seed, self.epoch, self.skipped = batch_size, seed, 0, 0

    def begin_at(self, epoch: int, batch: int) -> None:
        """Let the next epoch be `epoch`, with `None` in the place of the batches before `batch`."""
        self.epoch, self.skipped = epoch, batch

    def _ranks(self) -> tuple[int, int]:
        group = torch.distributed
        return (group.get_rank(), group.get_world_size()) if group.is_available() and group.is_initialized() else (0, 1)

    def __len__(self) -> int:
        """Batches per epoch on this rank."""
        return len(self._batches(self._rows(0)))

    def _batches(self, rows: Tensor) -> list[Tensor]:
        """Divide an epoch; a last batch of one molecule is dropped in training (batch statistics need two)."""
        parts = list(torch.split(rows, self.batch_size))
        return parts[:-1] if self.seed is not None and len(parts) > 1 and len(parts[-1]) == 1 else parts

    def _rows(self, epoch: int) -> Tensor:
        n = len(self.target)
        rows = torch.arange(n) if self.seed is None else torch.randperm(n, generator=torch_stream(self.seed, "order", epoch))
        rank, world = self._ranks()
        return rows[: n - n % world][rank::world].to(self.target.device)

    def __iter__(self) -> Iterator[LabelledBatch | None]:
        """Yield the batches of the next epoch."""
        rows, self.epoch = self._rows(self.epoch), self.epoch + 1
        skipped, self.skipped = self.skipped, 0
        yield from repeat(None, skipped)
        for part in self._batches(rows)[skipped:]:
            planes = (None if plane is None else plane[part] for plane in self.planes)
            yield LabelledBatch(self.graph(part), self.target[part], *planes)  # type: ignore[arg-type]
