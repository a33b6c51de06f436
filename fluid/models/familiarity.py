"""Who knows a molecule: familiarity from evidence about its substructures, and the shares of experts that follow from it."""

from typing import TYPE_CHECKING

import numpy as np

from fluid.molecules.substructures import presence

if TYPE_CHECKING:  # a prediction that needs no substructures should not wait for scipy
    from scipy.sparse import csr_matrix


def familiarity(features: "csr_matrix", counts: np.ndarray, floor: float = 1.0) -> np.ndarray:
    """Return how much of molecules a company knows: `1 / mean_b 1/(λ + n_b)` over their substructures, `(M, T)` float64.

    It is the inverse of the mean variance of the substructures' weights, where each of `n_b` measured molecules adds 1 to the `λ` that
    everybody has beforehand. A molecule without any substructure of the dictionary gets `λ`.

    Args:
        features: What additive models read of the molecules `(M, D)`; what is 0 is not there.
        counts: Evidence `(T, D)`: measured molecules with each substructure.
        floor: `λ`, above 0.
    """
    found = presence(features)
    size = np.asarray(found.sum(axis=1)).reshape(-1, 1)
    variance = np.asarray(found @ (1.0 / (floor + counts.astype(np.float64))).T)
    known: np.ndarray = np.divide(size, variance, out=np.full(variance.shape, float(floor)), where=size > 0)
    return known


def shares_of(familiar: np.ndarray, sharpness: float) -> np.ndarray:
    """Return the share of each expert in each answer `(K, M, T)`: `f_k ^ β / Σ f_j ^ β` over those that answer.

    Args:
        familiar: Familiarity of each with each molecule `(K, M, T)`; 0 where it does not answer.
        sharpness: `β`.
    """
    most = familiar.max(axis=0, keepdims=True)
    power = np.where(familiar > 0, np.divide(familiar, most, out=np.zeros_like(familiar), where=most > 0) ** sharpness, 0.0)
    share: np.ndarray = power / np.maximum(power.sum(axis=0, keepdims=True), np.finfo(float).tiny)
    return share
