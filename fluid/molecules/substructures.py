"""Counts of the substructures of molecules: what additive models read."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix

from fluid.molecules.fingerprints import generator
from fluid.molecules.parse import parse


def substructure_counts(smiles: Sequence[str], radius: int = 2, n_bits: int = 8192) -> csr_matrix:
    """Return how often each Morgan environment occurs in each molecule (Rogers & Hahn 2010, doi:10.1021/ci100050t).

    Environments of radius 0 to `radius` around every atom are hashed to `n_bits` columns.

    Args:
        smiles: Standardised SMILES.
        radius: Largest radius.
        n_bits: Columns.

    Returns:
        `(M, n_bits)` float64, sparse.
    """
    make = generator(radius, n_bits)
    columns, counts, ends = [np.empty(0, np.int32)], [np.empty(0)], [0]
    for text in smiles:
        found = make.GetCountFingerprint(parse(text)).GetNonzeroElements()
        columns.append(np.fromiter(found.keys(), np.int32, len(found)))
        counts.append(np.fromiter(found.values(), np.float64, len(found)))
        ends.append(ends[-1] + len(found))
    return csr_matrix((np.concatenate(counts), np.concatenate(columns), np.array(ends)), shape=(len(smiles), n_bits))
