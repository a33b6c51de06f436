"""Molecules with their graphs: what models read."""

import hashlib
import mmap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from fluid.errors import ShapeError
from fluid.molecules.featurize import featurize
from fluid.molecules.key import skeleton
from fluid.molecules.packed import PackedGraphs, parse_each
from fluid.molecules.standardize import StandardizeSpec, standardize


@dataclass(frozen=True, slots=True)
class MoleculeSet:
    """`M` standardised molecules.

    Attributes:
        smiles: Canonical SMILES.
        keys: Their keys, see `fluid.molecules.key`.
        graphs: Their packed graphs.
        bits: Their packed Morgan fingerprints (radius 2, 2,048 bits), `(M, 256)` uint8.

    Raises:
        ShapeError: SMILES, keys, graphs and fingerprints differ in number.
    """

    smiles: tuple[str, ...]
    keys: tuple[str, ...]
    graphs: PackedGraphs
    bits: np.ndarray

    def __post_init__(self) -> None:
        """Check the lengths."""
        lengths = [len(part) for part in (self.smiles, self.keys, self.graphs, self.bits)]
        if len(set(lengths)) > 1:
            raise ShapeError("{} smiles, {} keys, {} graphs and {} fingerprints".format(*lengths), expected="equal numbers")

    def __len__(self) -> int:
        return len(self.smiles)

    @classmethod
    def from_smiles(cls, smiles: Sequence[str], keys: Sequence[str] | None = None) -> "MoleculeSet":
        """Featurise standardised SMILES; keys are computed when not given."""
        if keys is None:
            keys = [standardize(text, StandardizeSpec()).key for text in smiles]
        return cls(tuple(smiles), tuple(keys), *featurize(parse_each(smiles)))

    def followed_by(self, others: Sequence["MoleculeSet"]) -> "MoleculeSet":
        """Return these molecules and then those of the others."""
        parts = [self, *others]
        smiles, keys = (tuple(chain.from_iterable(getattr(part, name) for part in parts)) for name in ("smiles", "keys"))
        graphs = self.graphs.concatenate([part.graphs for part in others])
        return MoleculeSet(smiles, keys, graphs, np.concatenate([part.bits for part in parts]))

    @property
    def skeletons(self) -> tuple[str, ...]:
        """What stereo-isomers share: by it nothing leaks from one part of an experiment to another."""
        return tuple(map(skeleton, self.keys))

    @property
    def digest(self) -> str:
        """SHA-256 of the SMILES in order: the identity of a transfer set."""
        state = hashlib.sha256()
        for number, text in enumerate(self.smiles):
            state.update(f"\n{text}".encode() if number else text.encode())
        return state.hexdigest()

    def take(self, index: np.ndarray) -> "MoleculeSet":
        """Return the molecules at `index`."""
        smiles, keys = (tuple(values[i] for i in index) for values in (self.smiles, self.keys))
        return MoleculeSet(smiles, keys, self.graphs.take(index), self.bits[index])

    def chunks(self, size: int) -> Iterator["MoleculeSet"]:
        """Yield the molecules in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))
            self._release()

    def _release(self) -> None:
        """Let the system take back the pages of memory-mapped arrays; they are read again when needed."""
        graphs = self.graphs
        for array in (self.bits, graphs.atoms, graphs.neighbours, graphs.bonds):
            mapped = getattr(array, "_mmap", None)
            if mapped is not None and hasattr(mapped, "madvise"):
                mapped.madvise(mmap.MADV_DONTNEED)
