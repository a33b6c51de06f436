"""Morgan fingerprints and Tanimoto similarity."""

from collections.abc import Sequence

import numpy as np
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from fluid.molecules.parse import parse

N_BITS = 2048
BYTES = N_BITS // 8
REVERSED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little"), axis=1)[:, 0]
"""Bytes with their bits in reverse order: RDKit packs from the lowest bit, NumPy from the highest."""


def generator(radius: int = 2, n_bits: int = N_BITS, features: bool = False) -> rdFingerprintGenerator.FingerprintGenerator64:
    """Return what makes the fingerprints; see `morgan_bits`."""
    invariants = (
        rdFingerprintGenerator.GetMorganFeatureAtomInvGen()
        if features
        else rdFingerprintGenerator.GetMorganAtomInvGen(includeRingMembership=True)
    )
    return rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=n_bits, atomInvariantsGenerator=invariants)


def morgan_bits(smiles: Sequence[str], radius: int = 2, n_bits: int = N_BITS, features: bool = False) -> np.ndarray:
    """Return packed Morgan bits (Rogers & Hahn 2010, doi:10.1021/ci100050t).

    Args:
        smiles: Standardised SMILES.
        radius: 2 is ECFP4.
        n_bits: Length in bits, a multiple of 8.
        features: Pharmacophoric atom features (FCFP) instead of connectivity (ECFP).

    Returns:
        `(M, n_bits / 8)` uint8; unpack with `np.unpackbits`.
    """
    return morgan_bits_of([parse(text) for text in smiles], radius, n_bits, features)


def morgan_bits_of(mols: Sequence[Chem.Mol], radius: int = 2, n_bits: int = N_BITS, features: bool = False) -> np.ndarray:
    """Return the packed Morgan bits of parsed molecules; see `morgan_bits`."""
    make = generator(radius, n_bits, features)
    return packed_bits([bytes_of(make, mol) for mol in mols], n_bits)


def bytes_of(make: rdFingerprintGenerator.FingerprintGenerator64, mol: Chem.Mol) -> bytes:
    """Return a molecule's fingerprint as RDKit packs it."""
    text: bytes = DataStructs.BitVectToBinaryText(make.GetFingerprint(mol))
    return text


def packed_bits(texts: Sequence[bytes], n_bits: int = N_BITS) -> np.ndarray:
    """Return fingerprints that RDKit packed as NumPy packs them, `(M, n_bits / 8)` uint8."""
    return REVERSED[np.frombuffer(b"".join(texts), dtype=np.uint8).reshape(len(texts), n_bits // 8)]


def morgan_counts(smiles: Sequence[str], radius: int = 2, n_bits: int = 2048, features: bool = False) -> np.ndarray:
    """Return Morgan counts `(M, n_bits)` uint8, capped at 255."""
    make = generator(radius, n_bits, features)
    counts = np.zeros((len(smiles), n_bits), dtype=np.uint8)
    for row, text in enumerate(smiles):
        counts[row] = np.minimum(make.GetCountFingerprintAsNumPy(parse(text)), 255)
    return counts


def tanimoto(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the Tanimoto similarity `(Ma, Mb)` float32 of packed bits; two empty fingerprints have similarity 0."""
    dense_a, dense_b = (np.unpackbits(x, axis=1).astype(np.float32) for x in (a, b))
    return _tanimoto_dense(dense_a, dense_b)


def _tanimoto_dense(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    common = a @ b.T
    union = a.sum(1)[:, None] + b.sum(1)[None, :] - common
    similarity: np.ndarray = np.divide(common, union, out=np.zeros_like(common), where=union > 0)
    return similarity
