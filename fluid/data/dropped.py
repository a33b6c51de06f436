"""Rows and labels that were not used, and their list as a file."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fluid.artifacts import atomic_file


@dataclass(frozen=True, slots=True)
class DroppedRow:
    """A row that was not used, or one label of a row that was, and why.

    Attributes:
        row: Number of the row, from 1 after the header.
        smiles: SMILES as it stands in the file; empty if there is none.
        reason: Why, in a few words.
        endpoint: Of a label, the endpoint; empty for a whole row.
        value: Of a label, the cell as it stands in the file.
    """

    row: int
    smiles: str
    reason: str
    endpoint: str = ""
    value: str = ""


def write_dropped(path: Path, dropped: Sequence[DroppedRow]) -> None:
    """Write the list as CSV with a column per attribute (`reason` last), atomically; an empty list gives the header."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["row", "smiles", "endpoint", "value", "reason"])
        writer.writerows((row.row, row.smiles, row.endpoint, row.value, row.reason) for row in dropped)
