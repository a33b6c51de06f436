"""A tidy table of replicates (seed × method) as a complete matrix: what all comparisons of methods start from."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from fluid.errors import InputError, ShapeError

Array = NDArray[np.float64]
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """One metric of some methods over the same blocks.

    Attributes:
        blocks: What was repeated: seeds or splits.
        methods: What is compared.
        values: The metric; no value is missing.

    Shapes:
        blocks: (S,)
        methods: (G,)
        values: (S, G)

    Raises:
        ShapeError: The values do not fit the names.
        InputError: There are fewer than two blocks or methods, or a value is no finite number.
    """

    blocks: tuple[str, ...]
    methods: tuple[str, ...]
    values: Array

    def __post_init__(self) -> None:
        values = np.asarray(self.values)
        if values.shape != (len(self.blocks), len(self.methods)):
            raise ShapeError(f"values have shape {values.shape}, expected ({len(self.blocks)}, {len(self.methods)})")
        checked(values)
        broken = np.argwhere(~np.isfinite(values))
        if len(broken):
            block, method = broken[0]
            where = f"block {self.blocks[block]}, method {self.methods[method]}"
            raise InputError(f"the value is {values[block, method]}", where=where, expected="a finite number for each block and method")


def checked(values: ArrayLike) -> Array:
    """Return values of blocks × methods as floats.

    Shapes:
        values: (S, G)

    Raises:
        ShapeError: The values are no matrix.
        InputError: There are fewer than two blocks or methods.
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2:
        raise ShapeError(f"values have shape {matrix.shape}, expected (blocks, methods)")
    for count, name in zip(matrix.shape, ("block (seed or split)", "method"), strict=True):
        if count < 2:
            raise InputError(f"{count} {name} cannot be compared", expected="at least 2", remedy="Run more seeds or settings.")
    return matrix


def complete(values: ArrayLike) -> Array:
    """Return values of blocks × methods as floats, all of them finite.

    Raises:
        ShapeError: The values are no matrix.
        InputError: There are fewer than two blocks or methods, or a value is no finite number.
    """
    matrix = checked(values)
    broken = np.argwhere(~np.isfinite(matrix))
    if len(broken):
        block, method = broken[0]
        raise InputError(f"the value of block {block}, method {method} is {matrix[block, method]}", expected="finite numbers")
    return matrix


def negligible(values: ArrayLike) -> float:
    """Return the difference below which two values of this size differ by rounding only (1e-12 of the largest)."""
    return ROUNDING * float(np.max(np.abs(values), initial=0.0))


def replicates(table: pd.DataFrame, block: str = "seed", method: str = "method", value: str = "value") -> Replicates:
    """Return a tidy table, one row per block and method, as a matrix; blocks and methods in order of first appearance.

    Args:
        table: One metric; further columns are ignored.
        block: Column of the seed or split, by which values are paired.
        method: Column of what is compared.
        value: Column of the metric.

    Raises:
        InputError: A column is missing, a cell is missing or there twice, or a value is no finite number.
    """
    _check_columns(table, (block, method, value))
    twice = table[table.duplicated([block, method])]
    if len(twice):
        raise InputError(f"{block} {twice[block].iloc[0]}, {method} {twice[method].iloc[0]} is there more than once", expected="one value")
    wide = table.pivot(index=block, columns=method, values=value)
    wide = wide.reindex(index=table[block].drop_duplicates(), columns=table[method].drop_duplicates())
    return Replicates(tuple(map(str, wide.index)), tuple(map(str, wide.columns)), wide.to_numpy(np.float64))


def drop_incomplete(
    table: pd.DataFrame, block: str = "seed", method: str = "method", value: str = "value"
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the rows of those blocks that every method has a finite value for, and the names of the other blocks.

    Raises:
        InputError: A column is missing.
    """
    _check_columns(table, (block, method, value))
    methods = table[method].nunique()
    good = table[np.isfinite(table[value].to_numpy(np.float64))].groupby(block)[method].nunique()
    kept = set(good[good == methods].index)
    dropped = tuple(str(name) for name in table[block].drop_duplicates() if name not in kept)
    return table[table[block].isin(kept)], dropped


def _check_columns(table: pd.DataFrame, names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise InputError(f"the table of replicates has no column {missing[0]!r}", expected=f"the columns {', '.join(names)}")
