"""Graphs and fingerprints of molecules that come one by one.

Each molecule is read off and let go before the next is made: hundreds of RDKit's molecules do not fit in the processor's cache, and
making them takes a third longer when all are kept.
"""

from collections.abc import Iterable

import numpy as np
from rdkit import Chem

from fluid.molecules.binary import form_of
from fluid.molecules.fingerprints import bytes_of, generator, packed_bits
from fluid.molecules.packed import PackedGraphs


def featurize(mols: Iterable[Chem.Mol]) -> tuple[PackedGraphs, np.ndarray]:
    """Return graphs and packed fingerprints `(M, 256)` uint8 of parsed molecules, each of which is asked for once."""
    make, forms, texts = generator(), [], []
    for mol in mols:
        forms.append(form_of(mol))
        texts.append(bytes_of(make, mol))
    return PackedGraphs.from_forms(forms), packed_bits(texts)
