"""Files of other shapes than one column per endpoint: rows to leave out, and one measurement per row."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from fluid.data.rows import RawRow
from fluid.data.source import Source
from fluid.errors import ConfigError

STORED_SIGNS = {1: ">=", -1: "<="}
WHERE = re.compile(r"(.+?) is (.+)")


@dataclass(frozen=True, slots=True)
class Layout:
    """How rows stand in a file.

    Attributes:
        where: `column is value`: rows with another value in that column are left out, each with this as its reason; empty: none.
        endpoint_columns: Of a file with one measurement per row: the columns whose cells, with a space between, name the endpoint; empty: a
            column per endpoint.
        value_column: And the one that holds the measurement.
        qualifier_column: Column that says how a measurement is meant: `=` or empty, `<`, `<=`, `>`, `>=`, `~`; with `{}` in its name, a
            column per endpoint, whose name stands for `{}`: `{}_relation`. Empty: none.

    Raises:
        ConfigError: `where` has another form, or only one of the two is named.
    """

    where: str = ""
    endpoint_columns: tuple[str, ...] = ()
    value_column: str = ""
    qualifier_column: str = ""

    def __post_init__(self) -> None:
        """Check the form."""
        if self.where and not WHERE.fullmatch(self.where):
            raise ConfigError(f"the selection of rows is {self.where!r}", expected="'column is value', e.g. 'source is mlsmr'")
        if bool(self.endpoint_columns) != bool(self.value_column):
            given = f"endpoint_columns is {list(self.endpoint_columns)} and value_column {self.value_column!r}"
            raise ConfigError(given, expected="both for a file with one measurement per row, or neither")

    @property
    def _condition(self) -> tuple[str, str]:
        match = WHERE.fullmatch(self.where)
        return (match[1].strip(), match[2].strip()) if match else ("", "")

    def columns(self, source: Source) -> tuple[str, ...]:
        """Return the columns that must be read, each once."""
        labels = (*self.endpoint_columns, self.value_column) if self.endpoint_columns and source.label_columns else source.label_columns
        return tuple(dict.fromkeys((*labels, *self.qualifier_columns(source), *filter(None, self._condition[:1]))))

    def qualifier_columns(self, source: Source) -> tuple[str, ...]:
        """Return the column with the qualifier of each endpoint; nothing if there is none."""
        if source.stored:
            return source.signs
        return tuple(self.qualifier_column.replace("{}", name) for name in source.label_columns) if self.qualifier_column else ()

    def reader(self, source: Source) -> Callable[[RawRow], RawRow]:
        """Return what turns a row of these columns into a row with one value per endpoint, or with the reason why it is left out.

        With qualifiers each value is a pair: the cell, and the qualifier beside it.
        """
        place = {column: number for number, column in enumerate(self.columns(source))}
        beside = tuple(place[name] for name in self.qualifier_columns(source))
        column, value = self._condition

        def read(row: RawRow) -> RawRow:
            problem = row.problem
            if not problem and column and str(row.values[place[column]]).strip() != value:
                problem = f"left out: {column} is not {value}"
            if self.endpoint_columns and source.label_columns:
                name = " ".join(str(row.values[place[known]]).strip() for known in self.endpoint_columns)
                values = tuple(row.values[place[self.value_column]] if name == wanted else None for wanted in source.label_columns)
            else:
                values = tuple(row.values[place[wanted]] for wanted in source.label_columns)
            if beside:
                signs = (row.values[at] for at in beside)
                values = tuple((cell, STORED_SIGNS.get(sign) if source.stored else sign) for cell, sign in zip(values, signs, strict=True))
            return RawRow(row.row, row.smiles, values, problem)

        return read
