"""The curvature of an additive model's loss as public molecules let expect it: steps are long where it is flat."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from fluid.models.additive_perturbed import CURVATURE
from fluid.seeding import derive_seed

MOST = 15_000
"""Public molecules from which it is taken, at most, evenly spread."""
POWER_STEPS = 2


class Curvature(NamedTuple):
    """The largest directions of public rows.

    Attributes:
        directions: Orthonormal `(J, D)`.
        moments: Mean square of the rows along each `(J,)`, largest first.
    """

    directions: np.ndarray
    moments: np.ndarray

    @classmethod
    def of(cls, rows: csr_matrix, most: int, seed: int) -> "Curvature":
        """Return at most so many directions of public rows `(M, D)`, by randomised singular values (Halko et al. 2011, arXiv:0909.4061)."""
        from sklearn.utils.extmath import randomized_svd

        part = rows[:: -(-rows.shape[0] // MOST)]
        size = min(most, *part.shape)
        state = derive_seed(seed, "public curvature") % 2**32
        _, values, directions = randomized_svd(part, size, n_iter=POWER_STEPS, random_state=state)
        return cls(directions, values**2 / part.shape[0])

    def step(self, gradient: np.ndarray, molecules: float, strength: float, damping: float) -> np.ndarray:
        """Return the step `(D,)` against which a gradient `(D,)` is divided by the curvature that is expected.

        It is `N m_j / 4 + 1/C` along direction `j`: half of the molecules lie where the loss is bent; elsewhere `1/C`.

        Args:
            gradient: Of loss and penalty.
            molecules: `N`, how many molecules are learnt from.
            strength: `C`.
            damping: What is added in every direction.
        """
        base = 1 / (1 / strength + damping)
        own = 1 / (molecules * self.moments * CURVATURE / 2 + 1 / strength + damping)
        step: np.ndarray = base * gradient + ((own - base) * (self.directions @ gradient)) @ self.directions
        return step
