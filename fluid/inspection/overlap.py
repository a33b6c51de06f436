"""How the molecules of a file stand to those of another: the same, near duplicates, and how far the rest is."""

from array import array

import numpy as np

from fluid.data.incoming import read_incoming
from fluid.data.intake_spec import IntakeSpec
from fluid.errors import InputError
from fluid.inspection.collector import RowCollector
from fluid.inspection.columns import summarise
from fluid.inspection.facts import OverlapFacts
from fluid.inspection.plan import smiles_column
from fluid.inspection.reading import Opened
from fluid.inspection.roles import role_of
from fluid.inspection.sampling import hashes
from fluid.inspection.similarity import NEAR, ROUNDING, NearestSoFar
from fluid.pipeline.progress import Progress, SilentProgress

MOST_COMPARED = 2_000
FIRST_ROWS = 2_000


def overlap_with(other: Opened, rows: RowCollector, spec: IntakeSpec, progress: Progress) -> OverlapFacts:
    """Compare the molecules of a file with those of another one, which is read once.

    Args:
        other: The other file.
        rows: What became of the rows of the file at hand, with skeletons.
        spec: How molecules are standardised.
        progress: Told how far it is.

    Raises:
        InputError: The other file cannot be read, or has no molecules.
    """
    reading = IntakeSpec(_told_smiles(other), (), spec.standardize, workers=spec.workers, file=spec.file)
    places = rows.sample.distinct(MOST_COMPARED)
    nearest, skeletons, seen = NearestSoFar(rows.sample.bits[places]), array("Q"), 0
    for part in read_incoming(other.path, reading):
        seen += len(part.rows)
        skeletons.frombytes(hashes(part.molecules.skeletons).tobytes() if len(part.molecules) else b"")
        nearest.add(part.molecules.bits)
        progress.start("against", f"{other.shown}, {seen:,} rows")
    found = np.frombuffer(skeletons, dtype=np.uint64) if skeletons else np.empty(0, np.uint64)
    return _facts(other.shown, seen, rows, found, places, nearest.similarity)


def _told_smiles(other: Opened) -> str:
    """Return the column of SMILES that the first rows of a file tell; empty where rows are structures.

    Raises:
        InputError: The file has no molecules.
    """
    if other.structures:
        return ""
    profiles = summarise(other, FIRST_ROWS, SilentProgress()).profiles
    column = smiles_column(other, {name: role_of(one) for name, one in profiles.items()}, IntakeSpec(smiles_column=""))
    if not column:
        remedy = "Leave it out of against=."
        raise InputError("no column looks like SMILES", where=other.shown, expected="molecules to compare with", remedy=remedy)
    return column


def _facts(name: str, seen: int, rows: RowCollector, found: np.ndarray, places: np.ndarray, similarity: np.ndarray) -> OverlapFacts:
    own, others = rows.skeleton_set, np.unique(found)
    known = np.isin(rows.sample.skeletons[places], others)
    near = ~known & (similarity >= NEAR - ROUNDING)
    rest = similarity[~known & ~near]
    low, middle, high = (float(value) for value in (np.quantile(rest, (0.25, 0.5, 0.75)) if len(rest) else np.full(3, np.nan)))
    counts = (int(np.isin(own, others).sum()), len(own), len(places), int(near.sum()))
    return OverlapFacts(name, seen, len(found), len(others), *counts, (low, middle, high))
