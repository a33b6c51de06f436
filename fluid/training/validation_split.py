"""A company's own validation part."""

from collections.abc import Sequence

import numpy as np

from fluid.molecules.key import number_skeletons

MIN_VALIDATION = 8


def split_validation(
    labels: np.ndarray, share: float, rng: np.random.Generator, skeletons: Sequence[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Divide rows into training and validation, stratified by the first endpoint when it is binary.

    Args:
        labels: `(M, T)` labels or soft labels.
        share: Share of rows for validation; at least 8 rows when there are 16 or more, and at least one stays for training.
        rng: Random stream.
        skeletons: Skeletons of the `M` molecules: those of one follow the first of them, so that no stereo-isomer tells about another.

    Returns:
        Row indices for training and for validation, each sorted. Without validation rows the second is empty.
    """
    n = len(labels)
    size = max(round(n * share), MIN_VALIDATION if share > 0 and n >= 2 * MIN_VALIDATION else 0)
    size = min(size, max(0, n - 1))
    order = rng.permutation(n)
    first = labels[order, 0] if labels.shape[1] else np.zeros(n)
    if set(np.unique(first[np.isfinite(first)])) <= {0.0, 1.0}:
        order = order[np.argsort(np.nan_to_num(first, nan=2.0), kind="stable")]
    picked = np.floor((np.arange(size) + 0.5) * n / size).astype(int) if size else np.array([], dtype=int)
    chosen = np.zeros(n, dtype=bool)
    chosen[order[picked]] = True
    if skeletons:
        chosen = follow_first(chosen, skeletons)
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def follow_first(chosen: np.ndarray, skeletons: Sequence[str]) -> np.ndarray:
    """Return a choice of rows `(M,)` in which each row follows the first one of its skeleton; at least one row is not chosen."""
    number = number_skeletons(skeletons)
    _, first = np.unique(number, return_index=True)
    together: np.ndarray = chosen[first][number]
    return np.zeros_like(together) if together.all() else together
