"""Read Parquet and Arrow (Feather) row by row, a batch at a time."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fluid.data.columns_found import find_columns
from fluid.data.rows import Cursor, RawRow, broken, explain_faults

BATCH_ROWS = 8192
FILE_MAGIC, OLD_FEATHER_MAGIC = b"ARROW1", b"FEA1"


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)


def read_parquet(path: Path, smiles_column: str, label_columns: Sequence[str]) -> Iterator[RawRow]:
    """Yield every row of a Parquet file.

    Raises:
        InputError: A column is missing, or the file or one of its row groups is torn.
    """
    wanted, cursor = (smiles_column, *label_columns), Cursor()
    with explain_faults(path, cursor), pq.ParquetFile(path) as file:
        present = file.schema_arrow.names
        names = [present[place] for place in find_columns(present, wanted, path)]
        for group in range(file.num_row_groups):
            try:
                yield from _rows(file.iter_batches(BATCH_ROWS, [group], list(dict.fromkeys(names))), names, cursor)
            except (pa.ArrowException, OSError) as error:
                raise broken(path, cursor, error, f"row group {group + 1} of {file.num_row_groups}") from None


def _rows(batches: Iterable[pa.RecordBatch], asked: Sequence[str] | Sequence[int], cursor: Cursor) -> Iterator[RawRow]:
    for batch in batches:
        columns = [batch.column(column).to_pylist() for column in asked]
        for smiles, *values in zip(*columns, strict=True):
            cursor.row += 1
            yield RawRow(cursor.row, _text(smiles), tuple(values))


def read_arrow(path: Path, smiles_column: str, label_columns: Sequence[str]) -> Iterator[RawRow]:
    """Yield every row of an Arrow IPC file or stream, or a Feather file.

    Raises:
        InputError: A column is missing, or the file is torn.
    """
    wanted, cursor = (smiles_column, *label_columns), Cursor()
    with explain_faults(path, cursor), ExitStack() as stack:
        schema, batches = open_arrow(path, stack)
        places = find_columns(schema.names, wanted, path)
        parts = (batch.slice(start, BATCH_ROWS) for batch in batches for start in range(0, batch.num_rows, BATCH_ROWS))
        yield from _rows(parts, places, cursor)


def open_arrow(path: Path, stack: ExitStack) -> tuple[pa.Schema, Iterable[Any]]:
    """Return the columns of an Arrow or Feather file, and its batches, which can be read until the stack is closed."""
    source = stack.enter_context(pa.OSFile(str(path)))
    magic = source.read(6)
    source.seek(0)
    if magic.startswith(OLD_FEATHER_MAGIC):
        table = _old_feather(path)
        return table.schema, table.to_batches()
    if magic != FILE_MAGIC:
        stream = stack.enter_context(pa.ipc.open_stream(source))
        return stream.schema, stream
    file = stack.enter_context(pa.ipc.open_file(source))
    return file.schema, (file.get_batch(number) for number in range(file.num_record_batches))


def stored_schema(path: Path, suffix: str) -> pa.Schema:
    """Return the columns of a Parquet, Arrow or Feather file, with their types."""
    if suffix == ".parquet":
        return pq.read_schema(path)
    with ExitStack() as stack:
        return open_arrow(path, stack)[0]


def stored_names(path: Path, suffix: str) -> list[str]:
    """Return the names of the columns of a Parquet, Arrow or Feather file."""
    return list(stored_schema(path, suffix).names)


def _old_feather(path: Path) -> pa.Table:
    """Read a Feather file of version 1, all at once: it has no batches."""
    import pyarrow.feather

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pyarrow.feather.read_table(path, memory_map=False)
