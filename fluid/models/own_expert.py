"""A company's hybrid of an experts student: its own teacher in the place of its head, exact evidence in that of the released one."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.models.additive import CHUNK
from fluid.models.experts import ExpertsPredictor, Heads
from fluid.models.familiarity import familiarity, shares_of
from fluid.models.neighbours import columns_of
from fluid.models.own_trust import OwnTrust
from fluid.models.prediction import Prediction, join_predictions
from fluid.models.predictor import Predictor
from fluid.models.scores import scores_of
from fluid.molecules.molecule_set import MoleculeSet
from fluid.molecules.nearest import NearestReference


@dataclass(frozen=True, eq=False)
class OwnExpert:
    """An experts student in which one expert is a company's own teacher; a `Predictor`. Nothing is trained.

    Attributes:
        student: The experts student.
        own: The company's own teacher; its endpoints are among the student's.
        company: Name of the company: the head of this name gives way to the teacher; where there is none, the teacher is one expert more.
        counts: The company's exact evidence for the student's endpoints `(T, D)` float32; 0 for those that the teacher does not answer.
        bits: Packed fingerprints of the company's molecules `(n, bytes)` uint8.
        trust: How far the teacher is trusted near them.

    Raises:
        ConfigError: The own teacher answers an endpoint that the student does not.
        ShapeError: The evidence is not `(T, D)` float32, or `bits` are no packed fingerprints.
    """

    kind: ClassVar[str] = "own_expert"
    student: ExpertsPredictor
    own: Predictor
    company: str
    counts: np.ndarray
    bits: np.ndarray
    trust: OwnTrust = field(default_factory=OwnTrust)

    def __post_init__(self) -> None:
        """Check that student, teacher and evidence fit."""
        columns_of(self.own.endpoints, self.endpoints)
        shape = (len(self.endpoints), self.student.dictionary.n_bits)
        if self.counts.shape != shape or self.counts.dtype != np.float32:
            raise ShapeError(f"evidence has shape {self.counts.shape} and type {self.counts.dtype}", expected=f"float32 {shape}")
        if self.bits.ndim != 2 or self.bits.dtype != np.uint8:
            raise ShapeError(f"bits are {self.bits.dtype} {self.bits.shape}", expected="packed fingerprints (n, bytes) uint8")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of the student."""
        return self.student.endpoints

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by all experts, one of which is the own teacher."""
        return join_predictions([self._answers(chunk) for chunk in molecules.chunks(CHUNK)], len(self.endpoints))

    @cached_property
    def _reference(self) -> NearestReference:
        return NearestReference(self.bits)

    @property
    def _place(self) -> int:
        """Where among the experts the own teacher stands."""
        return self.student.place_of(self.company)

    def _answers(self, molecules: MoleculeSet) -> Prediction:
        features, spec = self.student.features(molecules), self.student.spec
        nearness = self.trust.nearness(self._reference.mean_similarity(molecules.bits, 1))[:, None]
        heads = self.heads(features, self.own.predict(molecules), nearness)
        own = shares_of(heads.familiar, spec.sharpness)[self._place]
        return self.student.combine(features, heads, self.trust.product_share(spec.product, nearness, own))

    def heads(self, features: csr_matrix, said: Prediction, nearness: np.ndarray) -> Heads:
        """Return what each expert says, with the own teacher's answers for its endpoints; `nearness` is `(M, 1)`."""
        heads = self.student.heads(features)
        columns = columns_of(self.own.endpoints, self.endpoints)
        known = self.trust.factor(nearness) * familiarity(features, self.counts, self.student.spec.floor)
        own = Heads(scores_of(said.mean, self.own.endpoints), known[:, columns], said.aleatoric)
        return Heads(*(_in_place(*planes, self._place, columns) for planes in zip(heads, own, strict=True)))


def _in_place(planes: np.ndarray, own: np.ndarray, place: int, columns: list[int]) -> np.ndarray:
    """Return planes `(K, M, T)` with other columns of one expert, which may be one more."""
    more = np.zeros_like(planes[:1])
    found = np.array(planes) if place < len(planes) else np.concatenate([planes, more])
    found[place][:, columns] = own
    return found
