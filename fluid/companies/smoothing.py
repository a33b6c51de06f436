"""Blur the borders between companies: move a share of the molecules at random."""

import numpy as np
from numpy.typing import NDArray


def smooth(company: NDArray[np.int64], n: int, share: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Move `share` of the molecules (rounded), drawn without replacement, each to another company drawn uniformly.

    With one company nothing moves.

    Args:
        company: Company of each molecule, 0 to `n` − 1.
        n: Number of companies.
        share: Share of molecules to move, 0 to 1.
        rng: Source of randomness.

    Returns:
        A new array; exactly `round(share * M)` of its entries differ from `company`.
    """
    moved = company.copy()
    if n > 1:
        chosen = rng.choice(len(company), round(share * len(company)), replace=False)
        moved[chosen] = (company[chosen] + rng.integers(1, n, len(chosen))) % n
    return moved
