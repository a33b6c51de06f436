"""Substructure counts of molecules as tensors, and batches of them by index arithmetic."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Counts(NamedTuple):
    """What `B` molecules have of each substructure, molecule after molecule: bags of embeddings.

    Attributes:
        columns: Substructures, int64.
        values: `log(1 + count)` of each, float32.
        ends: Where each molecule begins, and the end, `(B + 1,)` int64.
    """

    columns: Tensor
    values: Tensor
    ends: Tensor


@dataclass(frozen=True, slots=True)
class CountTensors:
    """A library of molecules: `columns` and `values` as in `Counts`, and `ends` `(M + 1,)` of all of them."""

    columns: Tensor
    values: Tensor
    ends: Tensor

    @classmethod
    def from_features(cls, features: "csr_matrix", device: torch.device | str = "cpu") -> "CountTensors":
        """Return features `(M, D)` on a device."""
        columns, ends = (torch.as_tensor(part.astype(np.int64), device=device) for part in (features.indices, features.indptr))
        return cls(columns, torch.as_tensor(features.data.astype(np.float32), device=device), ends)

    def rows(self, index: Tensor) -> Counts:
        """Return the molecules at `index`, `(B,)` int64; any order, repeats allowed, may be empty."""
        begins = self.ends[index]
        sizes = self.ends[index + 1] - begins
        ends = torch.cat([sizes.new_zeros(1), sizes.cumsum(0)])
        owner = torch.repeat_interleave(sizes)
        places = torch.arange(len(owner), device=owner.device) - ends[owner] + begins[owner]
        return Counts(self.columns[places], self.values[places], ends)
