"""Stage `overlap`: which molecules of one part are almost the same as a molecule of parts that go before it."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.molecules.near_duplicates import near_duplicates
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/overlap.py"

FILE = "overlap.csv"
COLUMNS = ["row", "similarity", "other_part", "other_smiles"]


def overlap_stage(name: str, dataset: Dataset, others: Mapping[str, Dataset], threshold: float) -> Stage:
    """Describe the search for near duplicates of a part's molecules.

    Args:
        name: Name of the part.
        dataset: The part that gives way.
        others: Parts that keep their molecules, by name; of equally similar molecules that of the first part is told.
        threshold: Smallest Tanimoto similarity (Morgan, radius 2, 2,048 bits) that counts.
    """

    def build(folder: Path, work: Work) -> None:
        best = np.zeros(len(dataset))
        table = pd.DataFrame(columns=COLUMNS)
        for number, (other, kept) in enumerate(others.items() if len(dataset) else ()):
            found = near_duplicates(np.asarray(dataset.molecules.bits), np.asarray(kept.molecules.bits), threshold)
            rows = np.flatnonzero(found.similarity > best)
            best[rows] = found.similarity[rows]
            lines = [(row, found.similarity[row], other, kept.molecules.smiles[found.row[row]]) for row in rows]
            table = pd.DataFrame([*table[~table["row"].isin(rows)].itertuples(index=False, name=None), *lines], columns=COLUMNS)
            work.report((number + 1) / len(others))
        table.sort_values("row").to_csv(folder / FILE, index=False)

    inputs = {
        "part": dataset.transfer_digest,
        "others": {other: kept.transfer_digest for other, kept in others.items()},
        "order": list(others),
        "threshold": threshold,
    }
    return Stage("overlap", name, inputs, build, module=MODULE)


def read_overlap(artifact: Artifact) -> pd.DataFrame:
    """Return the near duplicates: `row`, `similarity`, `other_part` and `other_smiles` of each."""
    return pd.read_csv(artifact / FILE)
