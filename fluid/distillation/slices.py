"""Molecules in slices: what concerns each molecule alone is done a slice at a time, so that no large copy is ever made."""

from collections.abc import Iterator

from torch import Tensor

ELEMENTS = 2**18
"""Elements `K · rows · T` of a slice: a megabyte of float32, which stays in the cache."""


def row_slices(values: Tensor, elements: int = ELEMENTS) -> Iterator[slice]:
    """Yield slices of the molecules of `(K, M, T)`; always at least one, which may be empty."""
    teachers, molecules, endpoints = values.shape
    step = max(1, elements // max(1, teachers * endpoints))
    for start in range(0, max(1, molecules), step):
        yield slice(start, min(molecules, start + step))
