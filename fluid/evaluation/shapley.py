"""Shapley values: what each member of a coalition adds, on average over all orders in which it may have come together.

References:
    Shapley, "A value for n-person games", 1953, doi:10.1515/9781400881970-018.
"""

from collections.abc import Callable
from itertools import pairwise
from math import factorial

import numpy as np
from numpy.typing import NDArray

Value = Callable[[tuple[int, ...]], NDArray[np.float64]]
"""Worth `(D,)` of a coalition, its members ascending."""


def members_of(mask: int, n: int) -> tuple[int, ...]:
    """Return the members of a coalition whose bits a mask sets."""
    return tuple(i for i in range(n) if mask >> i & 1)


def exact_shapley(n: int, value: Value) -> NDArray[np.float64]:
    """Return the Shapley values `(n, D)` from the worth of all `2^n` coalitions; NaN where one is undefined.

    They sum to the worth of all together minus that of nobody.
    """
    worth = np.stack([value(members_of(mask, n)) for mask in range(2**n)])
    share = np.zeros((n, worth.shape[1]))
    for mask in range(2**n):
        size = mask.bit_count()
        for i in (i for i in range(n) if not mask >> i & 1):
            share[i] += factorial(size) * factorial(n - size - 1) / factorial(n) * (worth[mask | 1 << i] - worth[mask])
    return share


def sampled_shapley(n: int, value: Value, orders: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return an estimate `(n, D)` from random orders; it sums to the same, whatever the orders.

    References:
        Castro, Gómez and Tejada, "Polynomial calculation of the Shapley value based on sampling", 2009, doi:10.1016/j.cor.2008.04.004.
    """
    known: dict[tuple[int, ...], NDArray[np.float64]] = {}
    total = np.zeros((n, len(known.setdefault((), value(())))))
    for _ in range(orders):
        order = rng.permutation(n)
        coalitions = [tuple(sorted(int(i) for i in order[:size])) for size in range(n + 1)]
        for member, (before, after) in zip(order, pairwise(coalitions), strict=True):
            for coalition in (before, after):
                if coalition not in known:
                    known[coalition] = value(coalition)
            total[member] += known[after] - known[before]
    return total / orders
