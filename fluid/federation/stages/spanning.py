"""Stage `spanning`: which molecules of the transfer set hold its substructures."""

from pathlib import Path

import numpy as np

from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.molecules.spanning import spanning
from fluid.molecules.substructures import Dictionary
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/spanning.py"

FILE = "rows.npy"


def spanning_stage(name: str, dataset: Dataset, n: int, dictionary: Dictionary) -> Stage:
    """Describe the choice of `n` molecules of a public part by their substructures: nothing private is looked at, and no seed decides.

    Args:
        name: The part.
        dataset: Its molecules.
        n: How many are chosen.
        dictionary: The substructures that they are to hold.
    """

    def build(folder: Path, work: Work) -> None:
        everything = n >= len(dataset)
        rows = np.arange(len(dataset)) if everything else spanning(dictionary.features(dataset.molecules), n)
        np.save(folder / FILE, rows, allow_pickle=False)

    return Stage("spanning", name, {"part": dataset.transfer_digest, "n": n, "dictionary": dictionary.mark}, build, module=MODULE)


def read_spanning(artifact: Artifact) -> np.ndarray:
    """Return the rows of the chosen molecules, ascending."""
    rows: np.ndarray = np.load(artifact / FILE, allow_pickle=False)
    return rows
