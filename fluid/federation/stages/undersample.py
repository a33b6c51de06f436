"""Private and public molecules together, with as many of one class as of the other."""

from collections.abc import Sequence

import numpy as np

from fluid.data.endpoints import Endpoint


def undersample(
    own: np.ndarray, public: np.ndarray, endpoints: Sequence[Endpoint], rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of private and of public labels that are left when the larger class is drawn down to the smaller one.

    Classes are those of the first classification endpoint, a soft label of at least 0.5 being active; rows without one stay, and without
    such an endpoint all do (the hybrids of Hanser et al. 2025, doi:10.1038/s42256-025-00991-2, Methods).

    Args:
        own: Labels `(M, T)`, NaN missing.
        public: Soft labels `(N, T)`, NaN missing.
        endpoints: The `T` endpoints.
        rng: Random stream.

    Returns:
        Two arrays of row numbers, ascending.
    """
    column = next((i for i, endpoint in enumerate(endpoints) if endpoint.kind == "classification"), None)
    if column is None:
        return np.arange(len(own)), np.arange(len(public))
    label = np.concatenate([own[:, column], public[:, column]])
    sides = [np.flatnonzero(label >= 0.5), np.flatnonzero(label < 0.5)]
    each = min(map(len, sides))
    kept = np.sort(np.concatenate([np.flatnonzero(np.isnan(label)), *(rng.permutation(side)[:each] for side in sides)]))
    return kept[kept < len(own)], kept[kept >= len(own)] - len(own)
