"""A two-dimensional map of who has which chemistry."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from sklearn.decomposition import PCA

from fluid.data.dataset import Dataset
from fluid.seeding import derive_seed, numpy_stream

PER_SET = 150


def sample(dataset: Dataset, n: int, seed: int, name: str) -> np.ndarray:
    """Return the packed fingerprints of up to `n` molecules of a part, at random."""
    rows = numpy_stream(seed, "map", name).permutation(len(dataset))[:n]
    return np.asarray(dataset.molecules.bits[np.sort(rows)])


def chemical_space(sets: Mapping[str, Dataset], seed: int, per_set: int = PER_SET) -> pd.DataFrame:
    """Project Morgan fingerprints (radius 2) of a sample of each set on their first two principal components.

    Args:
        sets: Parts by name; `transfer` and `external` are sampled four and two times as densely.
        seed: The experiment's seed.
        per_set: Molecules per company.

    Returns:
        Columns `x`, `y`, `set`.
    """
    density = {"transfer": 4, "external": 2}
    drawn = {name: sample(part, per_set * density.get(name, 1), seed, name) for name, part in sets.items()}
    names = [name for name, rows in drawn.items() for _ in rows]
    if len(names) < 3:
        return pd.DataFrame({"x": [0.0] * len(names), "y": [0.0] * len(names), "set": names})
    bits = np.unpackbits(np.concatenate(list(drawn.values())), axis=1).astype(np.float32)
    solver = PCA(2, svd_solver="randomized", random_state=derive_seed(seed, "map") % 2**32)
    xy = solver.fit_transform(bits)
    return pd.DataFrame({"x": xy[:, 0].round(4), "y": xy[:, 1].round(4), "set": names})
