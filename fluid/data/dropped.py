"""Rows and labels that were not used, and their list as a file."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fluid.artifacts import atomic_file

COLUMNS = ("row", "smiles", "endpoint", "value", "reason")
MOST = 3


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


@contextmanager
def dropped_file(path: Path) -> Iterator[Callable[[Iterable[DroppedRow]], None]]:
    """Yield what adds to a list, a CSV file with a column per attribute (`reason` last) that appears when it is whole."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        yield lambda dropped: writer.writerows((one.row, one.smiles, one.endpoint, one.value, one.reason) for one in dropped)


def write_dropped(path: Path, dropped: Iterable[DroppedRow]) -> None:
    """Write the list as CSV, atomically; an empty list gives the header."""
    with dropped_file(path) as add:
        add(dropped)


def read_reasons(path: Path) -> tuple[Counter[str], Counter[str]]:
    """Return how many rows, and how many single labels, a list has for each reason."""
    rows, labels = Counter[str](), Counter[str]()
    with path.open(encoding="utf-8", newline="") as stream:
        for one in csv.DictReader(stream):
            (labels if one["endpoint"] else rows)[one["reason"]] += 1
    return rows, labels


def told_reasons(reasons: Counter[str]) -> str:
    """Return the most frequent reasons in brackets, with their counts, and how many rows or labels have others; empty without any."""
    first = [f"{count} {reason}" for reason, count in sorted(reasons.items(), key=lambda one: (-one[1], one[0]))[:MOST]]
    others = sum(reasons.values()) - sum(sorted(reasons.values(), reverse=True)[:MOST])
    return f" ({', '.join([*first, *([f'{others} more'] if others else [])])})" if reasons else ""
