"""Molecules given as path, `DataFrame` or list become files, so that they go through the same intake as any file.

A `DataFrame` is written as Parquet: numbers and texts survive as they are, and give the same molecules, labels and results as a CSV
file of the same content. Its index is not a column, unless it has a name by which it is asked to go along. Columns of other objects
(drawn molecules, arrays) are left out.
"""

import numbers
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from fluid.data.embedded import EMBEDDED
from fluid.errors import FluidError, InputError
from fluid.file_names import at_home

Molecules = str | PathLike[str] | pd.DataFrame | Sequence[str]
EXPECTED = "the path of a file, a DataFrame, or a list of SMILES"
IN_PROCESS = 256
"""Molecules of a list that are prepared in this process: starting workers would take longer."""
CELLS = (str, bytes, numbers.Number, np.generic)


@contextmanager
def as_files(given: Mapping[str, Any], smiles_column: str, carry: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Yield the path of each given input; those that are no files are written as such for the time of the block.

    An error that names such a file names what was given instead.

    Args:
        given: Path, `DataFrame` or list of SMILES, by the name of the setting.
        smiles_column: Column of SMILES, for lists.
        carry: Columns that go along, which may be indices of a `DataFrame`.
    """
    with TemporaryDirectory(prefix="fluid-") as folder:
        shown: dict[str, str] = {}
        try:
            tables = {name: with_indices(data, carry) if isinstance(data, pd.DataFrame) else data for name, data in given.items()}
            yield {name: path_of(name, data, smiles_column, Path(folder), shown) for name, data in tables.items()}
        except FluidError as error:
            text = str(error)
            for path, name in shown.items():
                text = text.replace(path, name)
            error.args = (text,)
            raise


def are_few(given: Mapping[str, Any]) -> bool:
    """Return whether all inputs, of which there is one at least, are lists of so few molecules that workers are not worth it."""
    return bool(given) and all(isinstance(data, list | tuple) and len(data) <= IN_PROCESS for data in given.values())


def path_of(name: str, data: Any, smiles_column: str, folder: Path, shown: dict[str, str]) -> str:
    """Return the path of one input; a file that is written for it is noted in `shown` with what messages call it.

    Raises:
        InputError: The input is no path, list, Series, array or DataFrame, or holds no molecule.
    """
    if isinstance(data, str | PathLike):
        return known_path(str(data))
    table = data if isinstance(data, pd.DataFrame) else listed(data, smiles_column)
    path = folder / f"{name}.parquet"
    shown[str(path)] = f"the {'DataFrame' if table is data else 'list'} given as {name}"
    if not len(table):
        raise InputError("there are no rows", where=str(path), expected="at least one molecule")
    pq.write_table(arrow_table(table, str(path)), path)
    return str(path)


def with_indices(table: pd.DataFrame, carry: Sequence[str]) -> pd.DataFrame:
    """Return a table with those of its indices as columns that go along and are no columns yet."""
    columns = set(map(str, table.columns))
    asked = {str(name): place for place, name in enumerate(table.index.names) if name is not None and str(name) in carry}
    new = {name: pd.Series(table.index.get_level_values(place).array) for name, place in asked.items() if name not in columns}
    return pd.concat([table.reset_index(drop=True), pd.DataFrame(new)], axis=1) if new else table


def known_path(text: str) -> str:
    """Return a path; a SMILES in its place is refused.

    Raises:
        InputError: The text has no suffix, and no file or folder of that name exists.
    """
    if text and not Path(text).suffix and not text.startswith(EMBEDDED) and not os.path.exists(at_home(text)):
        raise InputError(f"there is no file {text!r}", expected=EXPECTED, remedy=f"A single SMILES is a list of one: [{text!r}].")
    return text


def listed(data: Any, smiles_column: str) -> pd.DataFrame:
    """Return a list of SMILES as a table; what is missing in it stays a row.

    Raises:
        InputError: The molecules are not given as a list, Series or array, or an item is neither a text nor missing.
    """
    if isinstance(data, Mapping | bytes) or not isinstance(data, Sequence | pd.Series | np.ndarray | pd.Index):
        raise InputError(f"molecules are given as {type(data).__name__}", expected=EXPECTED)
    cells = [None if missing(item) else item for item in data]
    for row, cell in enumerate(cells, start=1):
        if cell is not None and not isinstance(cell, str):
            raise InputError(f"item {row} of the list is {cell!r}", expected="a SMILES")
    return pd.DataFrame({smiles_column: pd.Series(cells, dtype=object)})


def missing(cell: Any) -> bool:
    """Return whether a cell is None, NaN, NaT or NA."""
    return bool(pd.api.types.is_scalar(cell) and pd.isna(cell))


def arrow_table(table: pd.DataFrame, where: str) -> pa.Table:
    """Return a table's columns of texts, numbers, truth values and dates.

    Raises:
        InputError: Two columns have one name.
    """
    names = [str(name) for name in table.columns]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(f"two columns are named {twice[0]!r}", where=where, expected="different names", remedy="Rename one of them.")
    columns = {name: arrow_column(table.iloc[:, place]) for place, name in enumerate(names)}
    return pa.table({name: column for name, column in columns.items() if column is not None})


def arrow_column(values: pd.Series) -> pa.Array | None:
    """Return a column; of mixed cells, as texts; `None` if a cell is another object, or the column's type is none of Arrow's."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype if not values.isna().any() else object)
    if values.dtype != object:
        try:
            return pa.Array.from_pandas(values)
        except pa.ArrowException:  # complex numbers, sparse columns
            return None
    cells = [None if missing(cell) else cell for cell in values]
    if not all(cell is None or isinstance(cell, CELLS) for cell in cells):
        return None
    return pa.array([cell if cell is None or isinstance(cell, str) else plain_text(cell) for cell in cells], pa.string())


def plain_text(cell: Any) -> str:
    """Return a cell of a mixed column as a file would hold it."""
    if isinstance(cell, bytes):
        return cell.decode(errors="replace")
    return str(cell.item() if isinstance(cell, np.generic) else cell)
