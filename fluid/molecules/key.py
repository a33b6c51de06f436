"""What names a molecule: blocks of its InChIKey (https://www.inchi-trust.org).

The first block (14 letters) is made from atoms, bonds and hydrogens, the second (10) from stereochemistry and isotopes. The key of a
molecule has both where stereochemistry is kept, so that enantiomers, E/Z isomers and isotopologues are different molecules, and the first
alone where it is removed. Its skeleton is the first block whatever the policy: wherever nothing may leak from one part of an experiment
to another, molecules of one skeleton count as the same.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SKELETON_LENGTH, KEY_LENGTH = 14, 25
NO_STEREO = "-UHFFFAOYSA"
"""Second block of a molecule without stereo marks and isotopes."""
INCHIKEY = re.compile(r"[A-Z]{14}(?:-[A-Z]{8}S[A-Z](?:-[A-Z])?)?")
"""A standard InChIKey: its first block, the first two, or all of it."""


def key_of(inchikey: str, stereo: bool) -> str:
    """Return a molecule's key: both blocks of its InChIKey that tell molecules apart, or the first alone if stereochemistry is removed."""
    return inchikey[: KEY_LENGTH if stereo else SKELETON_LENGTH]


def skeleton(key: str) -> str:
    """Return the part of a key that stereo-isomers and isotopologues share."""
    return key[:SKELETON_LENGTH]


def leaves_open(key: str) -> bool:
    """Return whether a key does not say which stereo-isomer the molecule is: no stereo mark, and no isotope either."""
    return key[SKELETON_LENGTH:] in ("", NO_STEREO)


def number_skeletons(skeletons: Sequence[str]) -> NDArray[np.int64]:
    """Return a number for each molecule's skeleton `(M,)`, from 0 in order of first appearance."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(one, len(numbers)) for one in skeletons], dtype=np.int64)
