"""No molecule may be in two parts: private, transfer, validation and test data are disjoint by molecule key."""

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from fluid.data.table import MoleculeTable
from fluid.errors import InputError


def check_disjoint(parts: Mapping[str, Collection[str]]) -> None:
    """Check that no key occurs in two of the named parts; a key repeated within one part is no leak.

    Args:
        parts: Name of a part → its molecule keys.

    Raises:
        InputError: Names the first two parts that share a molecule, how many they share and one of them.
    """
    owner: dict[str, str] = {}
    for name, keys in parts.items():
        for key in keys:
            other = owner.setdefault(key, name)
            if other != name:
                _raise_leak(other, name, set(parts[other]) & set(keys))


def _raise_leak(first: str, second: str, shared: set[str]) -> None:
    raise InputError(
        f"{first!r} and {second!r} share {len(shared)} molecule{'s' if len(shared) > 1 else ''}, for example {min(shared)}",
        expected="no molecule (InChIKey first block) in two parts",
        remedy="Remove it from one of them.",
    )


def remove_overlap(table: MoleculeTable, others: Iterable[str]) -> tuple[MoleculeTable, int]:
    """Drop from `table` every molecule whose key is in `others`.

    Returns:
        The remaining rows in their order, and how many were removed.
    """
    taken = frozenset(others)
    kept = np.array([row for row, key in enumerate(table.keys) if key not in taken], dtype=np.int64)
    removed = len(table) - len(kept)
    return (table.take(kept) if removed else table), removed
