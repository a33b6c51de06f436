"""Counts of the substructures of molecules: what additive models read, and what evidence is about."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fluid.artifacts import hash_json
from fluid.errors import ConfigError
from fluid.molecules.fingerprints import generator
from fluid.molecules.morgan_codes import are_told, environment_codes
from fluid.molecules.packed import PackedGraphs
from fluid.molecules.parse import parse

if TYPE_CHECKING:  # a prediction that needs no substructures should not wait for scipy
    from scipy.sparse import csr_matrix

KEPT, LARGEST = 8, 16_384
"""Sets of molecules of which the features are kept, and how many molecules these have at most: 100 MB in all."""
BLOCK = 1024
"""Molecules of which the environments are found together: their arrays stay in the processor's cache."""
ISOTOPE = re.compile(r"\[\d")
_LOCK = Lock()
_KEPT: dict[tuple["Dictionary", tuple[str, ...]], "csr_matrix"] = {}
PROBES = ("CC(=O)Nc1ccc(O)cc1", "C[C@H](N)C(=O)O", "Clc1ccc2[nH]c(C#N)cc2c1", "O=S(=O)(c1ccncc1)N1CCOCC1", "[Na+].CC(=O)[O-]")


class Structures(Protocol):
    """Molecules by standardised SMILES and packed graphs, as `MoleculeSet` has them."""

    @property
    def smiles(self) -> Sequence[str]:
        """Standardised SMILES."""

    @property
    def graphs(self) -> PackedGraphs:
        """Their packed graphs."""


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A public list of substructures: Morgan environments around every atom, hashed (Rogers & Hahn 2010, doi:10.1021/ci100050t).

    Attributes:
        radius: Largest radius of the environments.
        n_bits: Columns to which they are hashed.

    Raises:
        ConfigError: A value is out of range.
    """

    radius: int = 3
    n_bits: int = 16384

    def __post_init__(self) -> None:
        """Check the values."""
        if self.radius < 0 or self.n_bits < 8:
            raise ConfigError(f"the dictionary has radius {self.radius} and {self.n_bits} columns", expected="0 or more, and 8 or more")

    @property
    def mark(self) -> str:
        """A hash of where it puts the substructures of some fixed molecules: another version of RDKit may hash otherwise."""
        return _mark(self)

    def features(self, molecules: Structures) -> "csr_matrix":
        """Return what additive models read of molecules, `log(1 + count)` `(M, D)`, sparse.

        The last few of small sets are kept, since many models are asked about the same molecules one after the other: nobody may
        change them.
        """
        if len(molecules.graphs) > LARGEST:
            return count_substructures(molecules, self.radius, self.n_bits).log1p()
        key = (self, tuple(molecules.smiles))
        with _LOCK:  # who asks for the same at the same time waits for the first
            found = _KEPT.pop(key) if key in _KEPT else count_substructures(molecules, self.radius, self.n_bits).log1p()
            _KEPT[key] = found
            if len(_KEPT) > KEPT:
                _KEPT.pop(next(iter(_KEPT)))
        return found


@cache
def _mark(dictionary: Dictionary) -> str:
    counts = substructure_counts(PROBES, dictionary.radius, dictionary.n_bits).tocoo()
    entries = sorted(zip(counts.row.tolist(), counts.col.tolist(), counts.data.tolist(), strict=True))
    return hash_json([dictionary.radius, dictionary.n_bits, entries])


def presence(features: "csr_matrix") -> "csr_matrix":
    """Return which substructures each molecule has, `(M, D)` of ones, sparse."""
    found = features.copy()
    found.data = np.ones_like(found.data)
    return found


def count_substructures(molecules: Structures, radius: int, n_bits: int) -> "csr_matrix":
    """Return the counts of `substructure_counts`, and faster: from the graphs of the molecules, where these tell enough."""
    from scipy.sparse import csr_matrix

    told = are_told(molecules.graphs) & np.array([ISOTOPE.search(text) is None for text in molecules.smiles], dtype=bool)
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for start in range(0, len(molecules.graphs), BLOCK):
        part = np.flatnonzero(told[start : start + BLOCK]) + start
        row, code = environment_codes(molecules.graphs.take(part), radius)
        rows.append(part[row])
        columns.append(code.astype(np.int64) % n_bits)
    row, column = np.concatenate(rows), np.concatenate(columns)
    counts = csr_matrix((np.ones(len(row)), (row, column)), shape=(len(told), n_bits))
    rest = np.flatnonzero(~told)
    others = substructure_counts([molecules.smiles[place] for place in rest.tolist()], radius, n_bits).tocoo()
    return counts + csr_matrix((others.data, (rest[others.row], others.col)), shape=counts.shape) if len(rest) else counts


def substructure_counts(smiles: Sequence[str], radius: int, n_bits: int) -> "csr_matrix":
    """Return how often each Morgan environment occurs in each molecule (Rogers & Hahn 2010, doi:10.1021/ci100050t), by RDKit.

    Environments of radius 0 to `radius` around every atom are hashed to `n_bits` columns.

    Args:
        smiles: Standardised SMILES.
        radius: Largest radius.
        n_bits: Columns.

    Returns:
        `(M, n_bits)` float64, sparse.
    """
    from scipy.sparse import csr_matrix

    make = generator(radius, n_bits)
    columns, counts, ends = [np.empty(0, np.int32)], [np.empty(0)], [0]
    for text in smiles:
        found = make.GetCountFingerprint(parse(text)).GetNonzeroElements()
        columns.append(np.fromiter(found.keys(), np.int32, len(found)))
        counts.append(np.fromiter(found.values(), np.float64, len(found)))
        ends.append(ends[-1] + len(found))
    return csr_matrix((np.concatenate(counts), np.concatenate(columns), np.array(ends)), shape=(len(smiles), n_bits))
