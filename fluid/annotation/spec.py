"""How a teacher answers the transfer set."""

from dataclasses import dataclass, field

from fluid.annotation.domain import check_telling
from fluid.annotation.evidence_spec import ReleaseSpec
from fluid.errors import ConfigError

DOMAINS = ("bins", "distances", "evidence")
MOST_DIGITS = 7
"""That single precision has."""
OVERLAPS = ("refuse", "cross_fit", "allow")


@dataclass(frozen=True, slots=True)
class AnnotationSpec:
    """How a teacher answers the transfer set.

    Attributes:
        edges: Public, fixed edges of the coarse domain score (mean Tanimoto similarity to the `k` nearest private molecules).
        k: Nearest private molecules that count.
        chunk: Molecules per streamed chunk; also the inference batch, so results do not depend on where they are computed.
        mc_samples: Dropout samples of the head, for the epistemic part; 0 is none.
        domain: What is released of the domain: coarse `bins`; also raw `distances` (the paper), which locate private compounds; or, instead
            of both, `evidence` about substructures.
        distance_k: Nearest private molecules whose mean Euclidean distance is released.
        distance_share: Share of the private molecules, drawn at random, that distances are measured to.
        evidence: What of the evidence is released.
        digits: Digits of released answers, after the point for probabilities, after the power of ten of their spread for values; 0: all.
        overlap: A transfer set with molecules that the teacher learnt from: `refuse` it, have these answered by models that never saw them
            nor what is like them (`cross_fit`), or `allow` it.
        overlap_similarity: Tanimoto similarity from which on two molecules are alike, for cross-fitting.
        folds: Models that are cross-fitted.
        revealing: Whether `k = 1` and edges above 0.6 are allowed, which point at single private molecules.

    Raises:
        ConfigError: A value is unknown or out of range, or the domain score would point at single molecules.
    """

    edges: tuple[float, ...] = (0.3, 0.4, 0.5)
    k: int = 3
    chunk: int = 4096
    mc_samples: int = 8
    domain: str = "bins"
    distance_k: int = 8
    distance_share: float = 0.2
    evidence: ReleaseSpec = field(default_factory=ReleaseSpec)
    digits: int = 0
    overlap: str = "refuse"
    overlap_similarity: float = 0.7
    folds: int = 5
    revealing: bool = False

    def __post_init__(self) -> None:
        """Check what is released."""
        self._check_overlap()
        if self.domain not in DOMAINS:
            raise ConfigError(f"annotation.domain is {self.domain!r}", expected="one of " + ", ".join(DOMAINS))
        if not 0 <= self.digits <= MOST_DIGITS:
            raise ConfigError(f"annotation.digits is {self.digits}", expected=f"a whole number from 0 (all) to {MOST_DIGITS}")
        if self.distance_k < 1 or not 0 < self.distance_share <= 1:
            raise ConfigError(
                f"annotation.distance_k is {self.distance_k} and annotation.distance_share {self.distance_share}",
                expected="at least 1, and a share above 0",
            )
        if not self.revealing and self.domain != "evidence":
            check_telling(self.edges, self.k)

    def _check_overlap(self) -> None:
        if self.overlap not in OVERLAPS:
            raise ConfigError(f"annotation.overlap is {self.overlap!r}", expected="one of " + ", ".join(OVERLAPS))
        if not 0 < self.overlap_similarity <= 1 or self.folds < 2:
            raise ConfigError(
                f"annotation.overlap_similarity is {self.overlap_similarity} and annotation.folds {self.folds}",
                expected="a similarity above 0, at most 1, and two folds or more",
            )
        if self.overlap == "cross_fit" and self.domain == "distances":
            raise ConfigError("raw distances tell of own molecules whoever answers", expected="another annotation.domain with cross_fit")
