"""What public molecules decide of the rows that companies learn from: columns, scales, and the longest row."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from fluid.errors import InputError
from fluid.models.additive_perturbed import rest_of, unit_rows

LEAST = 1e-3
"""Smallest root mean square by which a column is divided."""


@dataclass(frozen=True, slots=True)
class PublicMap:
    """Makes rows of a norm of at most 1 of features; nothing of it depends on private molecules.

    Attributes:
        scale: Of each column `(D,)`; 0 where no transfer molecule has it.
        clip: The largest norm of scaled features that is not scaled down.
        constant: What every row has in its last column.
    """

    scale: np.ndarray
    clip: float
    constant: float

    @classmethod
    def of(cls, features: csr_matrix, rarity: float, quantile: float, constant: float) -> "PublicMap":
        """Return what the features of transfer molecules `(M, D)` decide; settings as in `SummedSpec`.

        Raises:
            InputError: Too few transfer molecules have a substructure.
        """
        spread = np.sqrt(np.asarray(features.power(2).sum(axis=0)).ravel() / max(1, features.shape[0]))
        scale = np.where(spread > 0, np.maximum(spread, LEAST) ** -rarity, 0.0)
        clip = float(np.quantile(norms_of(features @ diags_array(scale)), quantile)) if features.nnz else 0.0
        if not clip > 0:
            raise InputError("the transfer set has hardly any substructure, so that it sets no scale", expected="a larger transfer set")
        return cls(scale, clip, constant)

    def rows(self, features: csr_matrix) -> csr_matrix:
        """Return rows `(M, D + 1)` of a norm of at most 1 of features `(M, D)`, the constant column last."""
        return unit_rows(csr_matrix(features @ diags_array(self.scale)), self.clip, self.constant)

    def in_units_of_features(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights of features `(T, D)`, and biases `(T,)`, of the weights of rows `(T, D + 1)`.

        They answer as the rows do where a molecule is not scaled down; a longer one is answered as if it were not.
        """
        return weights[:, :-1] * (rest_of(self.constant) / self.clip * self.scale), weights[:, -1] * self.constant


def norms_of(features: csr_matrix) -> np.ndarray:
    """Return the L2 norm of each row `(M,)`."""
    norms: np.ndarray = np.sqrt(np.asarray(features.power(2).sum(axis=1)).ravel())
    return norms
