"""Tables of a page have the columns that it draws."""

from collections.abc import Mapping, Sequence

from fluid.errors import ShapeError


def check_columns(tables: object, columns: Mapping[str, Sequence[str]]) -> None:
    """Check that each attribute of `tables` named in `columns` is a table with these columns.

    Raises:
        ShapeError: A column is missing.
    """
    for name, wanted in columns.items():
        missing = [column for column in wanted if column not in getattr(tables, name).columns]
        if missing:
            raise ShapeError(f"table {name} lacks {', '.join(missing)}", expected=", ".join(wanted))
