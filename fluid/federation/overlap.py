"""Parts of an experiment made disjoint: which molecules had to go, and why each of them."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fluid.artifacts import atomic_file
from fluid.data.dataset import Dataset
from fluid.federation.stages.overlap import overlap_stage, read_overlap
from fluid.pipeline.runner import Runner

NEAR = "Tanimoto"
"""What the reason of a near duplicate begins with."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A molecule that was taken out of a part because another part holds it, or one that is almost the same.

    Attributes:
        part: The part that gave way.
        smiles: The molecule.
        key: First block of its InChIKey.
        reason: Which part keeps what.
    """

    part: str
    smiles: str
    key: str
    reason: str


def apart(name: str, part: Dataset, others: Mapping[str, Dataset], threshold: float, runner: Runner) -> tuple[Dataset, list[Removed]]:
    """Return a part without the molecules that others hold, and what was removed.

    Args:
        name: Name of the part.
        part: The part that gives way.
        others: Parts that keep their molecules, by name.
        threshold: Tanimoto similarity from which on molecules count as the same; 0: only by the first block of the InChIKey.
        runner: Where the search for near duplicates is carried out.
    """
    owner = {key: other for other, kept in reversed(list(others.items())) for key in kept.table.keys}
    reasons = {row: f"in {owner[key]} too (InChIKey first block)" for row, key in enumerate(part.table.keys) if key in owner}
    if threshold and len(part) and any(map(len, others.values())):
        left = np.setdiff1d(np.arange(len(part)), np.array(list(reasons), dtype=np.int64))
        found = read_overlap(runner.make(overlap_stage(name, part.take(left), {k: v for k, v in others.items() if len(v)}, threshold)))
        near = zip(found["row"], found["similarity"], found["other_part"], found["other_smiles"], strict=True)
        reasons |= {int(left[row]): f"{NEAR} {similarity:.3f} to {smiles} in {other}" for row, similarity, other, smiles in near}
    kept = np.setdiff1d(np.arange(len(part)), np.array(list(reasons), dtype=np.int64))
    table = part.table
    return part.take(kept), [Removed(name, table.smiles[row], table.keys[row], reasons[row]) for row in sorted(reasons)]


def write_removed(path: Path, removed: tuple[Removed, ...]) -> None:
    """Write what was removed as CSV with the columns `part`, `smiles`, `key` and `reason`, atomically."""
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["part", "smiles", "key", "reason"])
        writer.writerows((row.part, row.smiles, row.key, row.reason) for row in removed)
