"""Columns of a molecule file that go along with its rows: identifiers, batches, whatever a chemist finds a row again by.

They keep the type that they have in a Parquet file; all other files hold text, which goes along letter by letter.
"""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from fluid.data.columns_found import find_columns
from fluid.data.incoming import IncomingRow
from fluid.data.intake_spec import IntakeSpec
from fluid.data.parquet_rows import stored_schema
from fluid.data.readers import file_format
from fluid.data.rows import Cursor, explain_faults
from fluid.errors import ConfigError

WHOLE = (
    pa.types.is_boolean, pa.types.is_integer, pa.types.is_float32, pa.types.is_float64, pa.types.is_string, pa.types.is_large_string,
    pa.types.is_date, pa.types.is_timestamp, pa.types.is_decimal128,
)  # fmt: skip
"""Types that survive the way through Python, and that CSV and Parquet can hold; cells of others go along as text."""


def refuse_carry(spec: IntakeSpec, verb: str) -> None:
    """Refuse carried columns where nothing would carry them.

    Raises:
        ConfigError: Columns are asked to go along.
    """
    if spec.carry:
        remedy = "Leave it out; rows that are not used are listed by number in dropped.csv."
        raise ConfigError(f"intake.carry is given to {verb}", expected="it with predict or annotate only", remedy=remedy)


def carried_fields(path: Path, names: Sequence[str]) -> list[pa.Field]:
    """Return names and types of the columns of a file that go along.

    Raises:
        InputError: A file that gives types lacks a column, or cannot be read.
    """
    schema = typed_columns(path) if names else None
    if schema is None:
        return [pa.field(name, pa.string()) for name in names]
    places = find_columns(schema.names, names, path)
    return [pa.field(name, kept_type(schema.field(place).type)) for name, place in zip(names, places, strict=True)]


def typed_columns(path: Path) -> pa.Schema | None:
    """Return the columns of a file that gives them types; `None` of any other."""
    kind = file_format(path)
    if kind not in (".parquet", ".arrow", ".feather"):
        return None
    with explain_faults(path, Cursor()):
        return stored_schema(path, kind)


def kept_type(found: pa.DataType) -> pa.DataType:
    """Return the type under which cells of a Parquet column go along: its own if that survives, else text."""
    if pa.types.is_dictionary(found):
        return kept_type(found.value_type)
    return found if any(is_it(found) for is_it in WHOLE) else pa.string()


def carried_columns(rows: Sequence[IncomingRow], fields: Sequence[pa.Field]) -> list[list[object]]:
    """Return the carried cells of some rows, column by column."""
    return [[as_cell(row.carried[place], field.type) for row in rows] for place, field in enumerate(fields)]


def as_cell(cell: object, kept: pa.DataType) -> object:
    """Return a cell as its column holds it: text that is none yet is written as such."""
    if cell is None or isinstance(cell, str) or not is_text(kept):
        return cell
    return cell.decode(errors="replace") if isinstance(cell, bytes) else str(cell)


def is_text(kept: pa.DataType) -> bool:
    """Return whether cells of a type are text."""
    return bool(pa.types.is_string(kept) or pa.types.is_large_string(kept))
