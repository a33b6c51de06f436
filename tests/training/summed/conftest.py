import numpy as np
import pytest
from scipy.sparse import csr_matrix


@pytest.fixture(scope="session")
def public() -> csr_matrix:
    """Features of 300 made-up transfer molecules; the last two of 30 columns occur in none."""
    rng = np.random.default_rng(0)
    dense = np.log1p(rng.poisson(rng.uniform(0.05, 1.5, 30), (300, 30)))
    dense[:, -2:] = 0
    return csr_matrix(dense)


@pytest.fixture(scope="session")
def private() -> tuple[csr_matrix, np.ndarray]:
    """Features of 120 molecules, and labels of two endpoints, of which the second is missing for every third."""
    rng = np.random.default_rng(1)
    dense = np.log1p(rng.poisson(rng.uniform(0.1, 1.5, 30), (120, 30)))
    labels = (dense @ rng.normal(0, 1, (30, 2)) + rng.normal(0, 0.5, (120, 2)) > 0).astype(np.float32)
    labels[::3, 1] = np.nan
    return csr_matrix(dense), labels
