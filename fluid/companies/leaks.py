"""No molecule may be in two parts: private, transfer, validation and test data are disjoint by skeleton.

Stereo-isomers count as one molecule here even where they are different ones: what one was measured to do tells much about the other.
"""

from collections.abc import Collection, Mapping

from fluid.errors import InputError
from fluid.molecules.key import skeleton


def check_disjoint(parts: Mapping[str, Collection[str]]) -> None:
    """Check that no skeleton occurs in two of the named parts; one repeated within a part is no leak.

    Args:
        parts: Name of a part → its molecule keys.

    Raises:
        InputError: Names the first two parts that share a molecule, how many they share and one of them.
    """
    owner: dict[str, str] = {}
    for name, keys in parts.items():
        for key in keys:
            other = owner.setdefault(skeleton(key), name)
            if other != name:
                _raise_leak(other, name, set(map(skeleton, parts[other])) & set(map(skeleton, keys)))


def _raise_leak(first: str, second: str, shared: set[str]) -> None:
    raise InputError(
        f"{first!r} and {second!r} share {len(shared)} molecule{'s' if len(shared) > 1 else ''}, for example {min(shared)}",
        expected="no molecule (InChIKey first block) in two parts",
        remedy="Remove it from one of them.",
    )
