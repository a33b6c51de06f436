"""Find molecules by their keys among others, as their stereochemistry allows."""

from collections.abc import Sequence

from fluid.molecules.key import leaves_open, skeleton


def find_rows(known: Sequence[str], asked: Sequence[str]) -> list[tuple[int, ...]]:
    """Return the rows that speak of each molecule: usually one, none if it is not there.

    A molecule is found under its own key, else under its skeleton, which stands for all its stereo-isomers. One that does not say which
    stereo-isomer it is finds all of them; a given stereo-isomer never finds another.

    Args:
        known: Keys or skeletons, one of each row; of equal ones the last counts.
        asked: Keys of molecules.
    """
    exact: dict[str, tuple[int, ...]] = {key: (row,) for row, key in enumerate(known)}
    found: list[tuple[int, ...]] = [exact.get(key) or exact.get(skeleton(key)) or () for key in asked]
    if all(found):
        return found
    isomers: dict[str, tuple[int, ...]] = {}
    for row, key in enumerate(known):
        isomers[skeleton(key)] = (*isomers.get(skeleton(key), ()), row)
    return [rows or (isomers.get(skeleton(key), ()) if leaves_open(key) else ()) for rows, key in zip(found, asked, strict=True)]
