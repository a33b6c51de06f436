"""Which rows of a file are read: `column is value` and `column is not value`, several joined by `and`."""

import re
from typing import NamedTuple

from fluid.errors import ConfigError

CONDITION = re.compile(
    r'\s*(?:"(?P<quoted_column>[^"]+)"|(?P<column>.+?)) is (?P<no>not )?'
    r'(?:"(?P<quoted_value>[^"]*)"|(?P<value>.+?))\s*(?: and (?=.+ is )|$)'
)
EXPECTED = "'column is value' or 'column is not value', e.g. 'source is mlsmr', and more joined by 'and'"


class Condition(NamedTuple):
    """One condition: the cell of `column` must be `value`, or must not be it."""

    column: str
    value: str
    wanted: bool

    def against(self, cell: object) -> str:
        """Say why a row with this cell is left out, or nothing."""
        if (text_of(cell) == self.value) == self.wanted:
            return ""
        return f"left out: {self.column} is {'not ' if self.wanted else ''}{self.value or 'empty'}"


def conditions_of(where: str) -> tuple[Condition, ...]:
    """Return the conditions of a text; none if it is empty. What holds `is` or `and` itself is put in double quotes.

    Raises:
        ConfigError: The text has another form.
    """
    found, place = [], 0
    while place < len(where):
        match = CONDITION.match(where, place)
        if match is None:
            raise ConfigError(f"the selection of rows is {where!r}", expected=EXPECTED)
        column, value = (match[f"quoted_{part}"] if match[part] is None else match[part].strip() for part in ("column", "value"))
        found.append(Condition(column, value, not match["no"]))
        place = match.end()
    return tuple(found)


def text_of(cell: object) -> str:
    """Return a cell as text, without blanks around it; empty if there is nothing."""
    return "" if cell is None else str(cell).strip()
