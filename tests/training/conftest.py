"""A rule that a small network learns in seconds: amines are active."""

from dataclasses import dataclass

import numpy as np
import pytest

from fluid.data.endpoints import Endpoint
from fluid.molecules.molecule_set import MoleculeSet
from tests.conftest import Library

ENDPOINTS = (Endpoint.parse("active"),)


@dataclass(frozen=True)
class Task:
    """Molecules and labels `(M, 1)`."""

    molecules: MoleculeSet
    labels: np.ndarray


@pytest.fixture(scope="session")
def task(library: Library) -> Task:
    """Return 260 molecules with their class."""
    n = 260
    labels = np.array(library.active[:n], dtype=np.float32)[:, None]
    return Task(MoleculeSet.from_smiles(library.smiles[:n], [str(i) for i in range(n)]), labels)
