"""What a file with a trouble holds, and what must become of it."""

import random
from collections.abc import Set
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from fluid.data.embedded import embedded_path
from fluid.errors import FluidError
from fluid.molecules.standardize import StandardizeSpec, standardize

N = 60
"""Molecules of a file."""
Cells = list[str]
BOTH = ['intake.endpoints=[blocker,"pic50 [log mol/L]"]']
"""Ask for both endpoints of the good table."""


@cache
def molecules() -> tuple[str, ...]:
    """Return `N` standardised embedded SMILES of different molecules without stereo marks."""
    kept: dict[str, str] = {}
    for smiles in pd.read_parquet(embedded_path("test_external"))["smiles"]:
        try:
            made = standardize(smiles, StandardizeSpec())
        except FluidError:
            continue
        if made.smiles == smiles and not set("@/\\") & set(smiles):
            kept.setdefault(made.key[:14], smiles)
        if len(kept) == N:
            return tuple(kept.values())
    raise SystemExit(f"fewer than {N} molecules are left of the embedded test set")


@dataclass
class Case:
    """A file with one trouble.

    Attributes:
        kind: Letter of the kind of trouble.
        name: What the trouble is.
        file: Name of the file.
        content: Its bytes.
        settings: Settings of `train-teacher`, beside those that make it quick.
        labels: Per endpoint, the label that each molecule must have, by its number in the good table; those without one are not in it.
        listed: Rows that `dropped.csv` must list as a whole.
        listed_labels: Rows and endpoints of which it must list the label only.
        refused: Words of the one line by which the file must be refused; empty: it must be taken in.
    """

    kind: str
    name: str
    content: bytes
    file: str = "assay.csv"
    settings: list[str] = field(default_factory=lambda: ["intake.endpoints=[blocker]"])
    labels: dict[str, dict[int, float]] = field(default_factory=dict)
    listed: set[int] = field(default_factory=set)
    listed_labels: set[tuple[int, str]] = field(default_factory=set)
    refused: str = ""


@dataclass
class Table:
    """The rows of a good file: columns of cells, from which cases are made.

    Attributes:
        columns: Cells by name of column, `N` each.
    """

    columns: dict[str, Cells]

    def csv(self, delimiter: str = ",", quote: bool = False, end: str = "\n", header: bool = True) -> str:
        """Return the table as delimited text; cells that need it are quoted, or all of them."""
        lines = [list(self.columns)] * header + [list(row) for row in zip(*self.columns.values(), strict=True)]
        return "".join(delimiter.join(quoted(cell, delimiter, quote) for cell in line) + end for line in lines)


def quoted(cell: str, delimiter: str, always: bool) -> str:
    """Return a cell as it stands in delimited text."""
    needed = always or any(mark in cell for mark in (delimiter, '"', "\n", "\r"))
    return '"' + cell.replace('"', '""') + '"' if needed else cell


def good() -> Table:
    """Return a table without trouble: classes in turn, and values from 4.0 upwards."""
    classes = [str(i % 2) for i in range(N)]
    return Table({"smiles": list(molecules()), "blocker": classes, "pic50": [f"{4 + i / 10:.1f}" for i in range(N)]})


def classes(without: Set[int] = frozenset()) -> dict[int, float]:
    """Return the class of every row of the good table."""
    return {i + 1: float(i % 2) for i in range(N) if i + 1 not in without}


def values(without: Set[int] = frozenset()) -> dict[int, float]:
    """Return the value of every row of the good table."""
    return {i + 1: 4 + i / 10 for i in range(N) if i + 1 not in without}


def some_rows(rng: random.Random, most: int = 12) -> set[int]:
    """Return a few rows, drawn at random, as many of one class as of the other within one."""
    return set(rng.sample(range(1, N + 1), rng.randint(1, most)))
