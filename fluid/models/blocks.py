"""Blocks of rows that are computed one after the other, so that what a block needs stays in the processor's cache."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

BLOCK = 2048
"""Rows of a block: with a hundred columns their states, messages and hidden units take 1 to 2 MB."""


class Block(NamedTuple):
    """Rows `start` to `stop`, and the terms `begin` to `end` that are summed into them."""

    start: int
    stop: int
    begin: int
    end: int


def blocks(destination: Tensor, n: int) -> Iterator[Block]:
    """Divide `n` rows, into which terms are summed by ascending `destination` `(E,)`; on a CPU into cache-sized blocks, else into one."""
    if destination.device.type != "cpu" or n <= BLOCK:
        yield Block(0, n, 0, len(destination))
        return
    starts = torch.arange(0, n + BLOCK, BLOCK)
    ends = torch.searchsorted(destination, starts).tolist()
    for start, begin, end in zip(range(0, n, BLOCK), ends, ends[1:], strict=False):
        yield Block(start, min(start + BLOCK, n), begin, end)
