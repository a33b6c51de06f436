"""The feature dictionary of an applicability domain: a molecule is in domain if all of its features were seen before.

The features are the unfolded environments of Morgan fingerprints with pharmacophoric atoms (FCFP), up to a radius, as in the paper
(Hanser et al., *Nature Machine Intelligence* 7, 2025, doi:10.1038/s42256-025-00991-2).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fluid.molecules.fingerprints import generator
from fluid.molecules.parse import parse


class Features(NamedTuple):
    """The distinct features of `M` molecules, one after the other.

    Attributes:
        ids: All of them, uint64.
        sizes: How many each molecule has, `(M,)` int64.
    """

    ids: NDArray[np.uint64]
    sizes: NDArray[np.int64]


def features_of(smiles: Sequence[str], radius: int = 2, pharmacophoric: bool = True) -> Features:
    """Return the distinct features of molecules.

    Args:
        smiles: Standardised SMILES.
        radius: Largest radius of an environment, in bonds.
        pharmacophoric: Atoms by their pharmacophoric features (FCFP) instead of their connectivity (ECFP).
    """
    make = generator(radius, features=pharmacophoric)
    found = [np.fromiter(make.GetSparseCountFingerprint(parse(text)).GetNonzeroElements(), dtype=np.uint64) for text in smiles]
    return Features(np.concatenate([*found, np.empty(0, np.uint64)]), np.array([len(ids) for ids in found], dtype=np.int64))


def dictionary_of(*parts: Features) -> NDArray[np.uint64]:
    """Return the sorted features of all molecules of some parts."""
    return np.unique(np.concatenate([part.ids for part in parts]))


def covered(molecules: Features, dictionary: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which molecules `(M,)` have only features of the dictionary."""
    unknown = ~np.isin(molecules.ids, dictionary)
    owner = np.repeat(np.arange(len(molecules.sizes)), molecules.sizes)
    known: NDArray[np.bool_] = np.bincount(owner[unknown], minlength=len(molecules.sizes)) == 0
    return known
