"""Molecular graphs of a whole library as a few flat arrays, memory-mapped from disk."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rdkit import Chem

from fluid.errors import ArtifactError, InputError
from fluid.molecules.binary import featurize_forms, form_of
from fluid.molecules.features import ATOM_FEATURES, DEGREE_COLUMN, Features
from fluid.molecules.parse import MoleculeRejected, parse

PIECE = 256
FILES: dict[str, type[np.generic]] = {
    "atom_offsets": np.int64,
    "edge_offsets": np.int64,
    "atoms": np.uint8,
    "neighbours": np.uint16,
    "bonds": np.uint8,
}


def parse_each(smiles: Iterable[str]) -> Iterator[Chem.Mol]:
    """Parse standardised SMILES one by one.

    Raises:
        InputError: A SMILES does not parse (its position counts from 1).
    """
    for number, text in enumerate(smiles, start=1):
        try:
            yield parse(text)
        except MoleculeRejected as error:
            raise InputError(
                f"{text[:80]!r} cannot be featurised ({error})", where=f"molecule {number}", expected="standardised SMILES"
            ) from None


def _offsets(counts: np.ndarray) -> np.ndarray:
    return np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts, dtype=np.int64)])


def ranges(starts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the concatenated ranges `starts[i] .. starts[i] + counts[i]`."""
    ends = np.cumsum(counts)
    rows: np.ndarray = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - (ends - counts), counts)
    return rows


@dataclass(frozen=True, slots=True)
class PackedGraphs:
    """Graphs of `M` molecules in compressed sparse rows.

    Attributes:
        atom_offsets: Where each molecule's atoms begin, `(M + 1,)` int64.
        edge_offsets: Where each molecule's directed edges begin, `(M + 1,)` int64.
        atoms: Atom categories, `(ΣN, 8)` uint8; the degree column gives the length of each atom's row of edges.
        neighbours: Source atom of each directed edge within its molecule, `(ΣE,)` uint16; sorted by (destination, source).
        bonds: Bond category of each directed edge, `(ΣE,)` uint8.
    """

    atom_offsets: np.ndarray
    edge_offsets: np.ndarray
    atoms: np.ndarray
    neighbours: np.ndarray
    bonds: np.ndarray

    def __len__(self) -> int:
        return len(self.atom_offsets) - 1

    @property
    def nbytes_per_molecule(self) -> float:
        """Mean size in bytes of one molecule."""
        return float(sum(getattr(self, name).nbytes for name in FILES) / max(len(self), 1))

    @classmethod
    def from_smiles(cls, smiles: Sequence[str]) -> "PackedGraphs":
        """Featurise standardised SMILES.

        Raises:
            InputError: A SMILES does not parse (its position counts from 1).
        """
        return cls.from_forms([form_of(mol) for mol in parse_each(smiles)])

    @classmethod
    def from_forms(cls, forms: Sequence[bytes]) -> "PackedGraphs":
        """Featurise molecules given in RDKit's binary form, a few hundred at a time: they then stay in the processor's cache."""
        pieces = range(0, max(len(forms), 1), PIECE)
        n_atoms, n_edges, *flat = Features.joined([featurize_forms(forms[start : start + PIECE]) for start in pieces])
        return cls(_offsets(n_atoms), _offsets(n_edges), *flat)

    def take(self, index: np.ndarray) -> "PackedGraphs":
        """Return the molecules at `index` (any order, repeats allowed)."""
        index = np.asarray(index, dtype=np.int64)
        atoms, edges = (offsets[index + 1] - offsets[index] for offsets in (self.atom_offsets, self.edge_offsets))
        atom_rows = ranges(self.atom_offsets[index], atoms)
        edge_rows = ranges(self.edge_offsets[index], edges)
        return PackedGraphs(_offsets(atoms), _offsets(edges), self.atoms[atom_rows], self.neighbours[edge_rows], self.bonds[edge_rows])

    def concatenate(self, others: Sequence["PackedGraphs"]) -> "PackedGraphs":
        """Return these molecules followed by those of the others."""
        parts = [self, *others]
        atoms, edges = (np.concatenate([np.diff(getattr(part, name)) for part in parts]) for name in ("atom_offsets", "edge_offsets"))
        flat = (np.concatenate([getattr(part, name) for part in parts]) for name in ("atoms", "neighbours", "bonds"))
        return PackedGraphs(_offsets(atoms), _offsets(edges), *flat)

    def save(self, folder: Path) -> None:
        """Write the arrays as `.npy` files."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in FILES:
            np.save(folder / f"{name}.npy", getattr(self, name), allow_pickle=False)

    @classmethod
    def load(cls, folder: Path) -> "PackedGraphs":
        """Memory-map the arrays and check that they fit each other.

        Raises:
            ArtifactError: A file is missing, torn, or does not fit.
        """
        arrays = {}
        for name, dtype in FILES.items():
            path = folder / f"{name}.npy"
            try:
                arrays[name] = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError) as error:
                raise ArtifactError(
                    f"graph array cannot be read ({error})", where=str(path), remedy="Delete the folder and run again."
                ) from None
            if arrays[name].dtype != dtype:
                raise ArtifactError(f"graph array has type {arrays[name].dtype}", where=str(path), expected=np.dtype(dtype).name)
        graphs = cls(**arrays)
        graphs._check(folder)
        return graphs

    def _check(self, folder: Path) -> None:
        def wrong(name: str, what: str) -> ArtifactError:
            return ArtifactError(what, where=str(folder / f"{name}.npy"), remedy="Delete the folder and run again.")

        if self.atoms.ndim != 2 or self.atoms.shape[1] != len(ATOM_FEATURES):
            raise wrong("atoms", f"atoms have shape {self.atoms.shape}")
        if self.neighbours.ndim != 1:
            raise wrong("neighbours", f"neighbours have shape {self.neighbours.shape}")
        for name, flat in (("atom_offsets", self.atoms), ("edge_offsets", self.neighbours)):
            offsets = getattr(self, name)
            if offsets.ndim != 1 or len(offsets) == 0 or offsets[0] != 0 or np.any(np.diff(offsets) < 0) or offsets[-1] != len(flat):
                raise wrong(name, "offsets do not fit the arrays")
        if len(self.atom_offsets) != len(self.edge_offsets):
            raise wrong("edge_offsets", "another number of molecules than in atom_offsets")
        if self.bonds.shape != self.neighbours.shape or int(self.atoms[:, DEGREE_COLUMN].sum(dtype=np.int64)) != len(self.bonds):
            raise wrong("bonds", "bonds, neighbours and degrees do not fit each other")
