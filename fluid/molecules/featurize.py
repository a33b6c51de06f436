"""Graphs and fingerprints of molecules that come one by one.

Molecules are read off and let go a few at a time. Hundreds of RDKit's molecules do not fit in the processor's cache, and making them
takes a third longer when all are kept; one at a time, RDKit's code for one step drives that for another out of the cache.
"""

from collections.abc import Iterable
from itertools import islice

import numpy as np
from rdkit import Chem

from fluid.molecules.binary import form_of
from fluid.molecules.fingerprints import bytes_of, generator, packed_bits
from fluid.molecules.packed import PackedGraphs

GROUP = 16
"""Molecules that are taken through each step together."""


def featurize(mols: Iterable[Chem.Mol]) -> tuple[PackedGraphs, np.ndarray]:
    """Return graphs and packed fingerprints `(M, 256)` uint8 of parsed molecules, each of which is asked for once."""
    make, forms, texts, stream = generator(), [], [], iter(mols)
    while group := list(islice(stream, GROUP)):
        forms += [form_of(mol) for mol in group]
        texts += [bytes_of(make, mol) for mol in group]
    return PackedGraphs.from_forms(forms), packed_bits(texts)
