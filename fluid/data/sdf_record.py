"""One SDF record: where its molecule ends, and its data items, however they are spaced."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from fluid.data.columns_found import plain_name
from fluid.data.encodings import as_old_text

TITLE = "_Name"
"""The column that holds the titles of SDF records, and the names in SMILES files."""
HEADER = re.compile(r">[^<]*<(.*)>[^<>]*|>[ \t]*(DT\d+)[ \t]*")
MOLECULE_END = "M  END"
LINES_BEFORE_COUNTS, FIRST_LINES = 3, 24
VERSIONS = ("V2000", "V3000")


class SdfRecord(NamedTuple):
    """The parts of a record.

    Attributes:
        molecule: The mol block.
        items: Name and value of each data item, in order.
    """

    molecule: str
    items: list[tuple[str, str]]

    @property
    def title(self) -> str:
        """The first line."""
        return self.molecule.partition("\n")[0].strip()


def header_name(line: str) -> str | None:
    """Return the name in a line that begins a data item: `>  <NAME>`, `> 25 <NAME>`, `> DT25`; None for another line."""
    match = HEADER.fullmatch(line) if line.startswith(">") else None
    return match and (match[1] if match[1] is not None else match[2])


def begins_with_header(text: str) -> bool:
    """Return whether the first line that is not blank begins a data item."""
    return header_name(text.lstrip("\n \t").partition("\n")[0]) is not None


def split_record(text: str) -> SdfRecord:
    r"""Return the parts of a record with `\n` as its line ends; bytes that are not UTF-8 are read as older programs write them."""
    text = as_old_text(text)
    end = _molecule_length(text)
    return SdfRecord(_with_three_lines_before(text[:end]), list(_items(text[end:])))


def _molecule_length(text: str) -> int:
    """Return how long the molecule is: up to its end mark, or, if that is missing, up to the first data item after its first lines."""
    end = ("\n" + text).find("\n" + MOLECULE_END)
    if end >= 0:
        line_end = text.find("\n", end)
        return line_end if line_end >= 0 else len(text)
    if begins_with_header(text):
        return 0
    place = 0
    for number, line in enumerate(text.split("\n")):
        if number > LINES_BEFORE_COUNTS and header_name(line) is not None:
            return place
        place += len(line) + 1
    return len(text)


def _with_three_lines_before(block: str) -> str:
    """Return a mol block with its counts line in fourth place: of blank lines before it there may be too many, or too few."""
    lines = block.split("\n", LINES_BEFORE_COUNTS + 1)
    if _is_counts_line(lines[LINES_BEFORE_COUNTS:][:1]):
        return block
    lines = block.split("\n", FIRST_LINES)[:FIRST_LINES]
    place = next((place for place in range(len(lines)) if _is_counts_line(lines[place : place + 1])), LINES_BEFORE_COUNTS)
    surplus = place - LINES_BEFORE_COUNTS
    if surplus < 0:
        return "\n" * -surplus + block
    return block if any(map(str.strip, lines[:surplus])) else block.split("\n", surplus)[surplus]


def _is_counts_line(line: Sequence[str]) -> bool:
    return bool(line) and line[0].rstrip().endswith(VERSIONS)


def _items(text: str) -> Iterator[tuple[str, str]]:
    """Yield name and value of each data item.

    A value is all that stands between its header and the next one, without the blank lines at its ends: blank lines within it, or none
    after it, do not matter.
    """
    name: str | None = None
    value = ""
    for part in ("\n" + text).split("\n>")[1:]:
        line, _, rest = part.partition("\n")
        found = header_name(">" + line)
        if found is None:
            value += "\n>" + part
            continue
        if name is not None:
            yield name, _value(value)
        name, value = found, rest
    if name is not None:
        yield name, _value(value)


def _value(text: str) -> str:
    value = text.strip("\n")
    if not value or not (value[0].isspace() or value[-1].isspace()):
        return value
    lines = value.split("\n")
    filled = [place for place, line in enumerate(lines) if line and not line.isspace()]
    return "\n".join(lines[filled[0] : filled[-1] + 1]) if filled else ""


@dataclass(frozen=True, slots=True)
class AskedItems:
    """Finds the asked data items among those of a record, under their names, else under names that look the same.

    Attributes:
        names: Asked names.
    """

    names: tuple[str, ...]

    def values(self, record: SdfRecord) -> tuple[tuple[str | None, ...], str]:
        """Return the value of each asked item, None if the record has none, and what is wrong with them, if anything."""
        found = [_values_of(name, record.items) or ([record.title] if name == TITLE else []) for name in self.names]
        twice = next((name for name, values in zip(self.names, found, strict=True) if len(values) > 1), None)
        problem = "" if twice is None else f"data item {twice!r} is there twice, with different values"
        return tuple(values[0] if len(values) == 1 else None for values in found), problem


def _values_of(name: str, items: Sequence[tuple[str, str]]) -> list[str]:
    """Return the different values of the items of a name."""
    same = [value for found, value in items if found == name]
    if not same:
        look = plain_name(name)
        same = [value for found, value in items if plain_name(found) == look]
    return list(dict.fromkeys(same))
