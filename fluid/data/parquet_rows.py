"""Read Parquet row by row, a batch at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fluid.data.rows import Cursor, RawRow, explain_faults, require_columns

BATCH_ROWS = 8192


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)


def read_parquet(path: Path, smiles_column: str, label_columns: Sequence[str]) -> Iterator[RawRow]:
    """Yield every row of a Parquet file.

    Raises:
        InputError: A column is missing, or the file is torn or no Parquet file.
    """
    columns, cursor = [smiles_column, *label_columns], Cursor()
    with explain_faults(path, cursor), pq.ParquetFile(path) as file:
        require_columns(file.schema_arrow.names, columns, path)
        for batch in file.iter_batches(BATCH_ROWS, columns=list(dict.fromkeys(columns))):
            for smiles, *values in zip(*_lists(batch, columns), strict=True):
                cursor.row += 1
                yield RawRow(cursor.row, _text(smiles), tuple(values))


def _lists(batch: pa.RecordBatch, columns: Sequence[str]) -> list[list[object]]:
    return [batch.column(name).to_pylist() for name in columns]
