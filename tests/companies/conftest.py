"""Small tables of made-up chemistry: four series, each a core with two varying groups."""

from collections.abc import Callable

import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.data.table import MoleculeTable

CORES = ("O=C(N{a})c1ccc({b})cc1", "{a}N1CCN(c2ncccc2{b})CC1", "{a}C1CCC({b})C1=O", "O=S(=O)(N{a})c1cc({b})c2ccsc2c1")
FIRST = ("C", "CC", "CCC", "C(C)C", "CCO", "CCOC", "CCCC", "CC(C)C", "CCCO", "C1CC1")
SECOND = ("F", "Cl", "Br", "C", "OC", "C#N", "CC", "OCC", "C(F)(F)F", "N(C)C")
SERIES = [core.format(a=a, b=b) for core in CORES for a in FIRST for b in SECOND]

TableMaker = Callable[..., MoleculeTable]


def key_of(index: int) -> str:
    """Return 14 capital letters that count up."""
    return "".join(chr(ord("A") + index // 26**place % 26) for place in reversed(range(14)))


@pytest.fixture
def series() -> np.ndarray:
    """Series (0 to 3) of each molecule of a table of 400."""
    return np.repeat(np.arange(4), 100)


@pytest.fixture
def make_table() -> TableMaker:
    """Make a table of `size` molecules; labels default to one random classification endpoint."""

    def make(size: int = 400, labels: np.ndarray | None = None, endpoints: tuple[Endpoint, ...] = (Endpoint("herg"),)) -> MoleculeTable:
        smiles = tuple(SERIES[i] if i < len(SERIES) else "C" * (i - len(SERIES) + 3) for i in range(size))
        if labels is None:
            labels = (np.random.default_rng(0).random((size, len(endpoints))) < 0.4).astype(np.float32)
        return MoleculeTable(smiles, tuple(key_of(i) for i in range(size)), labels.astype(np.float32), endpoints)

    return make
