"""Few molecules that hold the substructures of many: what an additive model knows is copied wherever its substructures occur."""

import numpy as np
from scipy.sparse import csr_matrix

BLOCK = 512
"""Molecules whose worth is worked out anew in one go; four times as many, and so on, where these are not enough."""
UNIT = 2.0**30
"""What substructures bring is told in whole parts of 1 / UNIT: their sums are exact, so that equals are equal."""


def spanning(counts: csr_matrix, n: int) -> np.ndarray:
    """Choose `n` molecules that hold each substructure at least once, and then the rare ones as often as possible.

    Greedy: the next molecule is the one that brings most (ties: the first). A substructure that is in `k` of those chosen so far brings
    1 / ((k + 1) (k + 2)), by which it lowers the sum over substructures of 1 / (1 + k): the variance of its weight, if it stood alone, in
    a ridge regression on the chosen molecules. One in none of them (`k = 0`) goes before all others together. Since each brings less
    the more often it is there, a molecule never brings more than it did before: only those that may be the best are worked out anew, and
    what they bring by now is what trying all of them would give.

    How often a substructure is in one molecule does not matter, only whether it is.

    Args:
        counts: Counts of substructures, or what grows with them, as `Dictionary.features` makes them; what is 0 is not there.
        n: How many molecules; all, where there are no more.

    Shapes:
        counts: (M, D)
        returns: (min(n, M),)

    Returns:
        Rows of the chosen molecules, int64, ascending.

    References:
        Nemhauser, Wolsey and Fisher, "An analysis of approximations for maximizing submodular set functions", Mathematical Programming
        14, 1978, doi:10.1007/BF01588971 (greedy choice); Minoux, "Accelerated greedy algorithms for maximizing submodular set functions",
        1978, doi:10.1007/BFb0006528 (without trying all).
    """
    if n >= counts.shape[0]:
        return np.arange(counts.shape[0], dtype=np.int64)
    held = (counts > 0).astype(np.float64).tocsr()
    first = UNIT * held.getnnz(axis=1).max(initial=0)
    times = np.zeros(held.shape[1])
    worth = worth_of(times, first)
    bounds = held @ worth
    chosen = np.empty(n, dtype=np.int64)
    for place in range(n):
        chosen[place] = row = best_row(held, worth, bounds)
        bounds[row] = -np.inf
        own = held.indices[held.indptr[row] : held.indptr[row + 1]]
        times[own] += 1
        worth[own] = worth_of(times[own], first)
    return np.sort(chosen)


def worth_of(times: np.ndarray, first: float) -> np.ndarray:
    """Return what substructures bring that were chosen some `times`: `first` where never, which is more than all others in a molecule."""
    worth: np.ndarray = np.where(times == 0, first, np.rint(UNIT / ((times + 1) * (times + 2))))
    return worth


def best_row(held: csr_matrix, worth: np.ndarray, bounds: np.ndarray) -> int:
    """Return the molecule that brings most, the first of equals, and lower the bounds of those that were worked out anew.

    Args:
        held: Which substructures are in which molecule, 1 or 0.
        worth: What each substructure brings.
        bounds: No less than what each molecule brings; −∞ where it is chosen already. At least one is not.

    Shapes:
        held: (M, D)
        worth: (D,)
        bounds: (M,)
    """
    size = min(BLOCK, len(bounds))
    while True:
        anew = np.argpartition(-bounds, size - 1)[:size]
        anew = anew[np.isfinite(bounds[anew])]
        bounds[anew] = held[anew] @ worth
        best = int(np.argmax(bounds))
        if best in anew:
            return best
        size = min(4 * size, len(bounds))
