"""One teacher's answers to a transfer set, and the answers of all teachers together."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fluid.annotation.evidence import Evidence, familiarity_range
from fluid.artifacts import hash_json
from fluid.data.endpoints import Endpoint
from fluid.errors import ArtifactError, ShapeError

MAX_BINS = 4
PLANES = ("prediction", "epistemic", "aleatoric")
OF_MOLECULES = ("distance", "familiarity")
"""What a teacher may release of each molecule beside the coarse bin."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnotationSet:
    """What one teacher says of every molecule of a transfer set.

    Every row is answered for every endpoint of the teacher: a blank would reveal what the teacher knows.

    Attributes:
        teacher: Name of the teacher.
        endpoints: Its `T` endpoints.
        transfer_digest: Identity of the transfer set.
        prediction: Probability or value, `(M, T)` float32.
        epistemic: Epistemic uncertainty, `(M, T)` float32, 0 or more.
        aleatoric: Aleatoric uncertainty, `(M, T)` float32, 0 or more.
        domain_bin: Coarse domain score, `(M,)` uint8, below `n_bins`.
        n_bins: Number of bins, at most 4.
        distance: Raw distance to private molecules `(M,)` float32, 0 or more, where the teacher released it; it locates these molecules.
        evidence: How much the teacher knows of each substructure, where it released that.
        familiarity: What follows from the evidence: how well it knows each molecule by its best endpoint, `(M,)` float32 in
            `familiarity_range`.

    Raises:
        ShapeError: Shapes or types disagree, or an endpoint comes twice.
        ArtifactError: The teacher has no printable name, a value is missing or out of range (the row is named), or the evidence is about
            other endpoints.
    """

    teacher: str
    endpoints: tuple[Endpoint, ...]
    transfer_digest: str
    prediction: np.ndarray
    epistemic: np.ndarray
    aleatoric: np.ndarray
    domain_bin: np.ndarray
    n_bins: int
    distance: np.ndarray | None = None
    evidence: Evidence | None = None
    familiarity: np.ndarray | None = None

    def __post_init__(self) -> None:
        """Check shapes, types and ranges."""
        if not self.endpoints:
            raise ShapeError("an annotation set has no endpoint", expected="at least one")
        if len({endpoint.name for endpoint in self.endpoints}) < len(self.endpoints):
            raise ShapeError(f"endpoints are {', '.join(e.name for e in self.endpoints)}", expected="each endpoint once")
        if not self.teacher.strip() or not self.teacher.isprintable():
            raise ArtifactError(f"teacher name {self.teacher!r} cannot be used", expected="a printable name")
        shape = (len(self.domain_bin), len(self.endpoints))
        for name in PLANES:
            plane = getattr(self, name)
            if plane.shape != shape or plane.dtype != np.float32:
                raise ShapeError(f"{name} has shape {plane.shape} and type {plane.dtype}", expected=f"float32 {shape}")
        if self.domain_bin.dtype != np.uint8 or self.domain_bin.ndim != 1 or not 1 <= self.n_bins <= MAX_BINS:
            raise ShapeError(
                f"domain_bin has shape {self.domain_bin.shape}, type {self.domain_bin.dtype} and {self.n_bins} bins",
                expected=f"one dimension, uint8 and 1 to {MAX_BINS} bins",
            )
        for name in OF_MOLECULES:
            plane = getattr(self, name)
            if plane is not None and (plane.shape != self.domain_bin.shape or plane.dtype != np.float32):
                raise ShapeError(f"{name} has shape {plane.shape} and type {plane.dtype}", expected=f"float32 {shape[:1]}")
        self._check_evidence()
        self._check_values()

    def _check_evidence(self) -> None:
        if (self.evidence is None) != (self.familiarity is None):
            raise ShapeError("there is only one of evidence and familiarity", expected="both or none")
        if self.evidence is None:
            return
        if self.evidence.endpoints != self.endpoints:
            names = ", ".join(endpoint.name for endpoint in self.evidence.endpoints)
            expected = f"that of {', '.join(endpoint.name for endpoint in self.endpoints)}, in this order"
            raise ArtifactError(f"evidence is of the endpoints {names}", where=f"teacher {self.teacher}", expected=expected)

    def _check_values(self) -> None:
        for column, endpoint in enumerate(self.endpoints):
            high = 1.0 if endpoint.kind == "classification" else np.inf
            low = 0.0 if endpoint.kind == "classification" else -np.inf
            self._require(self.prediction[:, column], low, high, f"{endpoint.name} prediction")
            for name in PLANES[1:]:
                self._require(getattr(self, name)[:, column], 0.0, np.inf, f"{endpoint.name} {name} uncertainty")
        self._require(self.domain_bin, 0, self.n_bins - 1, "domain bin")
        if self.distance is not None:
            self._require(self.distance, 0.0, np.inf, "distance")
        if self.evidence is not None and self.familiarity is not None:
            self._require(self.familiarity, *familiarity_range(self.evidence), "familiarity")

    def _require(self, values: np.ndarray, low: float, high: float, what: str) -> None:
        wrong = np.flatnonzero(~np.isfinite(values) | (values < low) | (values > high))
        if len(wrong):
            found = f"{what} is {values[wrong[0]]:.6g}"
            remedy = "Annotate again; every transfer molecule must be answered."
            expected = f"a finite number from {low:g} to {high:g}" if np.isfinite(high) else "a finite number"
            raise ArtifactError(found, where=f"teacher {self.teacher}, row {wrong[0] + 1}", expected=expected, remedy=remedy)

    def __len__(self) -> int:
        return len(self.domain_bin)

    @property
    def digest(self) -> str:
        """Hash of everything the set says."""
        state = hashlib.sha256(hash_json([self.teacher, [e.to_dict() for e in self.endpoints], self.transfer_digest, self.n_bins]).encode())
        released = [plane for name in OF_MOLECULES if (plane := getattr(self, name)) is not None]
        for plane in (self.prediction, self.epistemic, self.aleatoric, self.domain_bin, *released):
            state.update(np.ascontiguousarray(plane).tobytes())
        if self.evidence is not None:
            state.update(self.evidence.dictionary.mark.encode() + np.ascontiguousarray(self.evidence.counts).tobytes())
        return state.hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class Annotations:
    """The annotation sets of `K` teachers, stacked; the teachers are in natural order of their names.

    Attributes:
        teachers: Names.
        endpoints: Union of their endpoints, by name.
        transfer_digest: Identity of the transfer set.
        prediction: `(K, M, T)` float32; NaN where a teacher does not have an endpoint.
        epistemic: As `prediction`.
        aleatoric: As `prediction`.
        domain_bin: `(K, M)` uint8.
        distance: `(K, M)` float32, where the teachers released it.
        familiarity: As `distance`.
    """

    teachers: tuple[str, ...]
    endpoints: tuple[Endpoint, ...]
    transfer_digest: str
    prediction: np.ndarray
    epistemic: np.ndarray
    aleatoric: np.ndarray
    domain_bin: np.ndarray
    distance: np.ndarray | None = None
    familiarity: np.ndarray | None = None


def natural_key(name: str) -> list[tuple[int, int | str]]:
    """Return a sorting key that puts `T2` before `T10`."""
    return [(0, int(part)) if part.isdecimal() else (1, part) for part in re.findall(r"\d+|\D+", name)]


def union_of_endpoints(sets: Sequence[AnnotationSet]) -> tuple[Endpoint, ...]:
    """Return all endpoints, sorted by name.

    Raises:
        ArtifactError: Two teachers define an endpoint differently.
    """
    known: dict[str, tuple[Endpoint, str]] = {}
    for item in sets:
        for endpoint in item.endpoints:
            first, owner = known.setdefault(endpoint.name, (endpoint, item.teacher))
            if first != endpoint:
                raise ArtifactError(
                    f"endpoint {endpoint.name!r} is defined differently by {owner} and {item.teacher}",
                    expected="one definition of kind, unit and threshold",
                )
    return tuple(known[name][0] for name in sorted(known))


def stack(sets: Sequence[AnnotationSet]) -> Annotations:
    """Stack annotation sets of one transfer set; the order of arrival does not matter.

    Raises:
        ArtifactError: No annotation set is given, two have the same teacher, they are over different transfer sets or endpoints, or they
            released different things.
    """
    if not sets:
        raise ArtifactError("there are no annotation sets", expected="at least one")
    ordered = sorted(sets, key=lambda item: natural_key(item.teacher))
    names = [item.teacher for item in ordered]
    if len(set(names)) != len(names):
        raise ArtifactError(f"two annotation sets are of one teacher ({', '.join(names)})", expected="different teachers")
    first = ordered[0]
    for item in ordered:
        if item.transfer_digest != first.transfer_digest or len(item) != len(first):
            raise ArtifactError(f"{item.teacher} and {first.teacher} annotated different transfer sets", expected="one transfer set")
        _check_alike(item, first)
    endpoints = union_of_endpoints(ordered)
    planes = {name: np.full((len(ordered), len(first), len(endpoints)), np.nan, dtype=np.float32) for name in PLANES}
    for k, item in enumerate(ordered):
        columns = [endpoints.index(endpoint) for endpoint in item.endpoints]
        for name in PLANES:
            planes[name][k][:, columns] = getattr(item, name)
    return Annotations(
        tuple(names),
        endpoints,
        first.transfer_digest,
        **planes,
        domain_bin=np.stack([item.domain_bin for item in ordered]),
        distance=_stacked([item.distance for item in ordered]),
        familiarity=_stacked([item.familiarity for item in ordered]),
    )


def _stacked(planes: Sequence[np.ndarray | None]) -> np.ndarray | None:
    found = [plane for plane in planes if plane is not None]
    return np.stack(found) if found else None


def _check_alike(one: AnnotationSet, first: AnnotationSet) -> None:
    """Refuse two sets of which only one released a distance or evidence, or the evidence is about different substructures."""
    for name, what in zip(OF_MOLECULES, ("distances", "evidence"), strict=True):
        if (getattr(one, name) is None) != (getattr(first, name) is None):
            raise ArtifactError(
                f"only one of {one.teacher} and {first.teacher} released {what}", expected="one setting of annotation.domain"
            )
    if one.evidence and first.evidence and one.evidence.dictionary != first.evidence.dictionary:
        raise ArtifactError(
            f"the evidence of {one.teacher} and {first.teacher} is about different substructures",
            expected="one setting of annotation.evidence.radius and annotation.evidence.n_bits",
        )
