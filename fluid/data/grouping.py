"""Rows of one molecule come together; each cell is read once, and what cannot be used is noted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fluid.data.bad_labels import BadLabels
from fluid.data.dropped import DroppedRow
from fluid.data.incoming import IncomingRow
from fluid.data.label_counts import LabelCounts
from fluid.data.labels import BAD, CENSORED, LabelReader, Reading, Unused
from fluid.molecules.parse import MoleculeRejected

NO_LABEL = "no label"


class Member(NamedTuple):
    """A row of a molecule: number, SMILES, cells and readings."""

    row: int
    smiles: str
    cells: Sequence[object]
    readings: tuple[Reading, ...]


@dataclass(slots=True)
class Group:
    """The rows of one molecule with standardised SMILES, and where the first of them is among all rows that have a molecule."""

    smiles: str
    place: int
    members: list[Member] = field(default_factory=list)


class Grouping:
    """Puts rows with the other rows of their molecule.

    Args:
        readers: One per endpoint.
        qualified: Whether each cell comes with the qualifier beside it.

    Attributes:
        groups: The rows of each molecule, by key, in order of first appearance.
        dropped: Rows that cannot be used by themselves.
        counts: Of each endpoint, its measurements, and those that cannot be used by themselves.
        bad: Cells that hold no label.
        notes: Of how many rows the molecule was taken in a way that the file did not quite say, by what that was.
        rows: Rows so far.
    """

    def __init__(self, readers: Sequence[LabelReader], qualified: bool = False) -> None:
        self.readers, self.qualified = tuple(readers), qualified
        self._reads = tuple(reader.read for reader in readers)
        self.groups: dict[str, Group] = {}
        self.dropped: list[DroppedRow] = []
        self.counts = tuple(LabelCounts() for _ in readers)
        self.bad = BadLabels(self.readers)
        self.notes = Counter[str]()
        self.rows = self._place = 0

    def add(self, row: IncomingRow) -> None:
        """Read a row, and put it with its molecule or among the dropped rows."""
        self.rows += 1
        if isinstance(row.molecule, MoleculeRejected):
            self._reject(row, row.molecule.reason)
            return
        if row.molecule.note:
            self.notes[row.molecule.note] += 1
        member = Member(row.row, row.smiles, row.values, self._read(row.values))
        if self._count(member) or not self.readers:
            group = self.groups.get(row.molecule.key)
            if group is None:
                group = self.groups[row.molecule.key] = Group(row.molecule.smiles, self._place)
            group.members.append(member)
        else:
            self.dropped.append(DroppedRow(row.row, row.smiles, "; ".join(reasons_of(member)) or NO_LABEL))
        self._place += 1

    def _reject(self, row: IncomingRow, reason: str) -> None:
        """Drop a row whose molecule cannot be used, and its measurements with it, whatever they are."""
        self.dropped.append(DroppedRow(row.row, row.smiles, reason))
        for reader, counts, cell in zip(self.readers, self.counts, row.values, strict=True):
            if not reader.is_missing(cell[0] if self.qualified else cell):  # type: ignore[index]
                counts.measured += 1
                counts.dropped += 1

    def _read(self, cells: Sequence[object]) -> tuple[Reading, ...]:
        if self.qualified:
            return tuple([read(*cell) for read, cell in zip(self._reads, cells, strict=True)])  # type: ignore[misc]
        return tuple([read(cell) for read, cell in zip(self._reads, cells, strict=True)])

    def _count(self, member: Member) -> bool:
        """Count the measurements of a row, and note those that cannot be used; returns whether any other is left."""
        usable = False
        for place, reading in enumerate(member.readings):
            if reading != reading:
                continue
            counts = self.counts[place]
            counts.measured += 1
            if isinstance(reading, Unused):
                counts.censored += reading.sort == CENSORED
                counts.dropped += reading.sort != CENSORED
                if reading.sort == BAD:
                    self.bad.add(member.row, place, shown(member.cells[place]), reading.reason)
            else:
                usable = True
        return usable


def reasons_of(member: Member) -> list[str]:
    """Return why the measurements of a row cannot be used, each reason once."""
    return list(dict.fromkeys(reading.reason for reading in member.readings if isinstance(reading, Unused)))


def shown(cell: object) -> str:
    """Return a cell as it stands in the file, with the qualifier beside it, if there is one, in front."""
    if isinstance(cell, tuple | list) and len(cell) == 2:
        return f"{'' if cell[1] is None else cell[1]} {shown(cell[0])}".strip()
    return "" if cell is None else str(cell)
