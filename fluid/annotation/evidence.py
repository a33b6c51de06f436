"""Evidence: per substructure of a public dictionary, how many molecules with it a company has measured.

It says who knows what as a function of the molecule that is asked about, so that no score of a public molecule has to be released. What
leaves a company may be clipped, noisy, and silent about substructures that few of its molecules have.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ShapeError
from fluid.molecules.substructures import Dictionary, presence
from fluid.seeding import Normal

if TYPE_CHECKING:  # a prediction that needs no substructures should not wait for scipy
    from scipy.sparse import csr_matrix

ROUNDING = 1e-5
"""Of single precision, generously."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """How much measured data a company has about each substructure.

    Attributes:
        dictionary: The public list of substructures.
        endpoints: The company's `T` endpoints.
        counts: Molecules with the substructure of which the endpoint was measured `(T, D)` float32, 0 or more; not whole after noise.

    Raises:
        ShapeError: The counts are not `(T, D)` float32.
        ArtifactError: A count is missing, infinite or negative (endpoint and substructure are named).
    """

    dictionary: Dictionary
    endpoints: tuple[Endpoint, ...]
    counts: np.ndarray

    def __post_init__(self) -> None:
        """Check shape and values."""
        shape = (len(self.endpoints), self.dictionary.n_bits)
        if self.counts.shape != shape or self.counts.dtype != np.float32:
            raise ShapeError(f"evidence has shape {self.counts.shape} and type {self.counts.dtype}", expected=f"float32 {shape}")
        wrong = np.argwhere(~np.isfinite(self.counts) | (self.counts < 0))
        if len(wrong):
            place, column = wrong[0]
            where = f"endpoint {self.endpoints[place].name!r}, substructure {column}"
            raise ArtifactError(f"evidence is {self.counts[place, column]:.6g}", where=where, expected="a finite number, 0 or more")


def count_evidence(features: "csr_matrix", labels: np.ndarray, clip: float = 0.0) -> np.ndarray:
    """Return how many molecules with a label have each substructure, `(T, D)` float32.

    Args:
        features: What additive models read of the molecules `(M, D)`; what is 0 is not there.
        labels: `(M, T)`, NaN where not measured.
        clip: Largest L2 norm of what one molecule adds; 0: it adds 1 for each of its substructures, however many these are.
    """
    from scipy.sparse import diags_array

    found = presence(features)
    if clip:
        norms = np.sqrt(np.asarray(found.sum(axis=1)).ravel())
        found = diags_array(clip / np.maximum(norms, clip)) @ found
    counts: np.ndarray = np.asarray((found.T @ np.isfinite(labels).astype(np.float64)).T, dtype=np.float32)
    return np.ascontiguousarray(counts)


def release_counts(features: "csr_matrix", labels: np.ndarray, spec: ReleaseSpec, source: Normal) -> np.ndarray:
    """Return the counts `(T, D)` float32 that leave a company: clipped, then noisy, then 0 below the minimum support.

    Without noise and with a minimum support, a count that is not 0 is exact. Noise is drawn once: counts that were drawn again and again
    could be averaged.

    Args:
        features: As in `count_evidence`.
        labels: As in `count_evidence`.
        spec: What is released.
        source: Of the noise.
    """
    counts = count_evidence(features, labels, spec.clip)
    if spec.noise:
        counts = counts + source.normal(0.0, spec.noise, counts.shape)
    return np.where(counts < spec.min_support, 0.0, counts).astype(np.float32)


def spanned_share(counts: np.ndarray, features: "csr_matrix") -> np.ndarray:
    """Return which share of the substructures that a company has evidence about some public molecules have, `(T,)`; NaN without evidence.

    Args:
        counts: Evidence `(T, D)`.
        features: Of the public molecules `(M, D)`.
    """
    public = np.asarray((features != 0).sum(axis=0)).ravel() > 0
    known = counts > 0
    total = known.sum(axis=1)
    share: np.ndarray = np.divide((known & public).sum(axis=1), total, out=np.full(len(counts), np.nan), where=total > 0)
    return share


def familiarity_range(evidence: Evidence) -> tuple[float, float]:
    """Return the least and the greatest familiarity with any molecule that evidence allows, with room for rounding.

    Nobody who has seen the molecules is needed to see that a familiarity beyond it was not computed from the evidence.
    """
    return 1.0 - ROUNDING, (1.0 + float(evidence.counts.max())) * (1.0 + ROUNDING)
