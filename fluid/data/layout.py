"""Files of other shapes than one column per endpoint: rows to leave out, and one measurement per row."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fluid.data.endpoints import Endpoint
from fluid.data.rows import RawRow
from fluid.data.source import Source
from fluid.data.where import conditions_of, text_of
from fluid.errors import ConfigError

STORED_SIGNS = {1: ">=", -1: "<="}
Cells = tuple[Any, ...]
Reader = Callable[[RawRow], RawRow]
Labels = Callable[[Cells], tuple[Cells, str]]
"""What reads the measurements of the asked endpoints from a row's cells, and why the row is left out, if it is."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows stand in a file.

    Attributes:
        where: `column is value` or `column is not value`, several joined by `and`: rows for which this does not hold are left out, each
            with this as its reason; empty: none.
        endpoint_columns: Of a file with one measurement per row: the columns whose cells, with a space between, name the endpoint; empty: a
            column per endpoint.
        value_column: And the one that holds the measurement.
        qualifier_column: Column that says how a measurement is meant: `=` or empty, `<`, `<=`, `>`, `>=`, `~`; with `{}` in its name, a
            column per endpoint, whose name stands for `{}`: `{}_relation`. Empty: none.
        unit_column: And the one that holds its unit: rows of another unit than the endpoint's are left out, each with this as its reason;
            empty: units are not looked at.

    Raises:
        ConfigError: `where` has another form, or only one of the two is named.
    """

    where: str = ""
    endpoint_columns: tuple[str, ...] = ()
    value_column: str = ""
    qualifier_column: str = ""
    unit_column: str = ""

    def __post_init__(self) -> None:
        """Check the form."""
        conditions_of(self.where)
        if bool(self.endpoint_columns) != bool(self.value_column):
            given = f"endpoint_columns is {list(self.endpoint_columns)} and value_column {self.value_column!r}"
            raise ConfigError(given, expected="both for a file with one measurement per row, or neither")
        if self.unit_column and not self.endpoint_columns:
            raise ConfigError(f"unit_column is {self.unit_column!r}", expected="it for a file with one measurement per row only")

    def is_long(self, source: Source) -> bool:
        """Return whether each row holds one measurement of the asked endpoints."""
        return bool(self.endpoint_columns and source.label_columns)

    def columns(self, source: Source) -> tuple[str, ...]:
        """Return the columns that must be read, each once."""
        selecting = [condition.column for condition in conditions_of(self.where)]
        one_per_row = (*self.endpoint_columns, self.value_column, *filter(None, (self.unit_column,)))
        labels = one_per_row if self.is_long(source) else source.label_columns
        return tuple(dict.fromkeys((*labels, *self.qualifier_columns(source), *selecting)))

    def qualifier_columns(self, source: Source) -> tuple[str, ...]:
        """Return the column with the qualifier of each endpoint; nothing if there is none."""
        if source.stored:
            return source.signs
        return tuple(self.qualifier_column.replace("{}", name) for name in source.label_columns) if self.qualifier_column else ()

    def reader(self, source: Source) -> Reader:
        """Return what turns a row of these columns into a row with one value per endpoint, or with the reason why it is left out.

        With qualifiers each value is a pair: the cell, and the qualifier beside it.
        """
        place = {column: number for number, column in enumerate(self.columns(source))}
        labels = self._one_per_row(source, place) if self.is_long(source) else _one_column_each(source, place)
        left_out, beside = self.selector(source), tuple(place[name] for name in self.qualifier_columns(source))

        def read(row: RawRow) -> RawRow:
            values, problem = labels(row.values)
            if beside:
                signs = (row.values[at] for at in beside)
                values = tuple((cell, STORED_SIGNS.get(sign) if source.stored else sign) for cell, sign in zip(values, signs, strict=True))
            return RawRow(row.row, row.smiles, values, row.problem or left_out(row.values) or problem)

        return read

    def selector(self, source: Source) -> Callable[[Cells], str]:
        """Return what says why a row with these cells is left out by `where`, or nothing."""
        columns = self.columns(source)
        conditions = [(columns.index(condition.column), condition) for condition in conditions_of(self.where)]
        return lambda cells: next(filter(None, (condition.against(cells[number]) for number, condition in conditions)), "")

    def namer(self, source: Source) -> Callable[[Cells], str]:
        """Return what reads the endpoint's name from the cells of these columns: those that are empty add nothing."""
        columns = self.columns(source)
        naming = [columns.index(column) for column in self.endpoint_columns]
        return lambda cells: " ".join(filter(None, (text_of(cells[number]) for number in naming)))

    def _one_per_row(self, source: Source, place: dict[str, int]) -> Labels:
        asked = {name: number for number, name in enumerate(source.label_columns)}
        name_of, value, unit = self.namer(source), place[self.value_column], place.get(self.unit_column)

        def labels(cells: Cells) -> tuple[Cells, str]:
            name = name_of(cells)
            number = asked.get(name)
            if number is None:
                return (None,) * len(asked), f"left out: {name} is not asked for" if name else "left out: it names no endpoint"
            problem = "" if unit is None else _other_unit(cells[unit], source.measured[number])
            return tuple(cells[value] if other == number else None for other in range(len(asked))), problem

        return labels


def _one_column_each(source: Source, place: dict[str, int]) -> Labels:
    places = [place[column] for column in source.label_columns]
    return lambda cells: (tuple(cells[number] for number in places), "")


def _other_unit(cell: object, endpoint: Endpoint) -> str:
    """Say that a row has another unit than its endpoint, if it has; a class has none."""
    unit = unicodedata.normalize("NFKC", text_of(cell))
    if endpoint.binary or unit == unicodedata.normalize("NFKC", endpoint.unit):
        return ""
    return f"left out: the unit is {unit or 'not given'}, not {endpoint.unit or 'empty'}"
