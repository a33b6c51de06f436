"""Parts of an experiment made disjoint: which molecules had to go, and why each of them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fluid.artifacts import atomic_file
from fluid.data.dataset import Dataset

NEAR = "Tanimoto"
"""What the reason of a near duplicate begins with."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A molecule that was taken out of a part because another part holds it, or one that is almost the same.

    Attributes:
        part: The part that gave way.
        smiles: The molecule.
        key: Its key.
        reason: Which part keeps what.
    """

    part: str
    smiles: str
    key: str
    reason: str


def shared_molecules(dataset: Dataset, others: Mapping[str, Dataset]) -> dict[int, str]:
    """Return the rows of a data set whose molecule, or a stereo-isomer of it, another one holds, each with the reason.

    If several do, the first of `others` is told.
    """
    owner = {one: other for other, kept in reversed(list(others.items())) for one in kept.molecules.skeletons}
    return {row: f"in {owner[one]} too (InChIKey first block)" for row, one in enumerate(dataset.molecules.skeletons) if one in owner}


def near_ones(found: pd.DataFrame) -> dict[int, str]:
    """Return the rows of near duplicates, as the stage `overlap` found them, each with the reason."""
    rows = zip(found["row"], found["similarity"], found["other_part"], found["other_smiles"], strict=True)
    return {int(row): f"{NEAR} {similarity:.3f} to {smiles} in {other}" for row, similarity, other, smiles in rows}


def without(name: str, dataset: Dataset, reasons: Mapping[int, str]) -> tuple[Dataset, tuple[Removed, ...]]:
    """Return a data set without some of its rows, and what was removed.

    Args:
        name: Name of the data set.
        dataset: The data set that gives way.
        reasons: Rows to remove, each with the reason.
    """
    kept = np.setdiff1d(np.arange(len(dataset)), np.array(list(reasons), dtype=np.int64))
    removed = tuple(Removed(name, dataset.molecules.smiles[row], dataset.molecules.keys[row], reasons[row]) for row in sorted(reasons))
    return dataset.take(kept), removed


def write_removed(path: Path, removed: tuple[Removed, ...]) -> None:
    """Write what was removed as CSV with the columns `part`, `smiles`, `key` and `reason`, atomically."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["part", "smiles", "key", "reason"])
        writer.writerows((row.part, row.smiles, row.key, row.reason) for row in removed)
