"""What a partner of a consensus has before him: the folder that all get, and his own answers."""

from dataclasses import dataclass

import numpy as np

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """The folder of a consensus about `M` transfer molecules.

    Attributes:
        endpoints: The `T` endpoints.
        method: Name of the consensus.
        companies: How many companies it says that it is of; 0 where it says nothing.
        label: Soft labels `(M, T)`.
        support: Effective number of teachers `(M, T)`; `None` where it is not released.
        coverage: Highest bin of all teachers as a share `(M,)`; `None` where it is not released.
        disagreement: Variance of the teachers' predictions in units of its mean `(M, T)`; `None` where it is not released.
    """

    endpoints: tuple[Endpoint, ...]
    method: str
    companies: int
    label: np.ndarray
    support: np.ndarray | None = None
    coverage: np.ndarray | None = None
    disagreement: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What one company said of the transfer set.

    Attributes:
        answers: Probabilities or values `(M, T)`; NaN for an endpoint that it does not have.
        bins: Its domain bins `(M,)`, whole numbers.
        n_bins: How many bins there are.
    """

    answers: np.ndarray
    bins: np.ndarray
    n_bins: int


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A consensus in the hands of a partner.

    Attributes:
        released: The folder.
        own: What the partner said himself.
        others: What the others said, where whoever audits knows it: the truth that guesses are compared with. No attack reads it.

    Raises:
        ShapeError: Folder and answers are of different numbers of molecules.
    """

    released: Released
    own: Said
    others: tuple[Said, ...] = ()

    def __post_init__(self) -> None:
        """Check the lengths."""
        lengths = {len(self.released.label), *(len(one.answers) for one in (self.own, *self.others))}
        if len(lengths) > 1:
            raise ShapeError(f"folder and answers are of {sorted(lengths)} molecules", expected="equal numbers")
