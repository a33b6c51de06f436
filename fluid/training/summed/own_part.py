"""One company's part of what is summed: how many molecules it has, and the gradient of their loss, which one molecule moves by 1."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_matrix, diags_array

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.models.additive_perturbed import pull
from fluid.training.summed.public_map import PublicMap


class OwnPart(NamedTuple):
    """The molecules of one company, as they are learnt from; it never leaves the company.

    Attributes:
        rows: Per endpoint, the rows of molecules that have a label of it, times 1 for class 1 and -1 for class 0, `(M_t, D)`.
    """

    rows: tuple[csr_matrix, ...]

    @classmethod
    def of(cls, features: csr_matrix, labels: np.ndarray, public: PublicMap) -> "OwnPart":
        """Return the part of molecules with features `(M, D)` and labels `(M, T)`, NaN missing.

        Raises:
            ConfigError: A label is neither 0 nor 1.
        """
        known = ~np.isnan(labels)
        if not np.isin(labels[known], (0.0, 1.0)).all():
            raise ConfigError("a label of summed gradients is neither 0 nor 1", expected="measured classes")
        rows = public.rows(features)
        signed = [csr_matrix(diags_array(2.0 * label[own] - 1) @ rows[own]) for label, own in zip(labels.T, known.T, strict=True)]
        return cls(tuple(signed))

    def counts(self) -> np.ndarray:
        """Return how many molecules have a label of each endpoint `(T,)`: one molecule more adds 1 at most to each."""
        return np.array([rows.shape[0] for rows in self.rows], dtype=np.float64)

    def gradient(self, weights: np.ndarray) -> np.ndarray:
        """Return the gradient `(T, D)` of the summed loss at weights `(T, D)`: one molecule more moves each row by a norm of at most 1."""
        return np.stack([pull(rows, own) for rows, own in zip(self.rows, weights, strict=True)])


def check_classes(endpoints: Sequence[Endpoint]) -> None:
    """Refuse values: the gradient of a squared error has no bound.

    Raises:
        ConfigError: An endpoint is a value.
    """
    values = [endpoint.name for endpoint in endpoints if endpoint.kind != "classification"]
    if values:
        raise ConfigError(
            f"summed gradients know classes only, and {values[0]!r} is a value",
            expected='a threshold, such as intake.endpoints=["pic50 >= 5"], or another student',
        )
