"""A company's hybrid of an experts student: its own teacher in the place of its head, exact evidence, and what it has measured nearby."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.errors import ShapeError
from fluid.models.additive import CHUNK
from fluid.models.experts import ExpertsPredictor, Heads
from fluid.models.familiarity import familiarity
from fluid.models.neighbours import columns_of
from fluid.models.own_measured import Measured
from fluid.models.own_trust import OwnTrust
from fluid.models.prediction import Prediction, join_predictions
from fluid.models.predictor import Predictor
from fluid.models.scores import scores_of
from fluid.molecules.molecule_set import MoleculeSet


@dataclass(frozen=True, eq=False)
class OwnExpert:
    """An experts student in which one expert is a company's own teacher, beside the labels near each molecule; a `Predictor`.

    Nothing is trained.

    Attributes:
        student: The experts student.
        own: The company's own teacher; its endpoints are among the student's.
        company: Name of the company: the head of this name gives way to the teacher; where there is none, the teacher is one expert more.
        counts: The company's exact evidence for the student's endpoints `(T, D)` float32; 0 for those that the teacher does not answer.
        measured: The company's molecules with their labels, for the student's endpoints.
        trust: How far the teacher is trusted near them.

    Raises:
        ConfigError: The own teacher answers an endpoint that the student does not.
        ShapeError: The evidence is not `(T, D)` float32, or the labels are of other endpoints.
    """

    kind: ClassVar[str] = "own_expert"
    student: ExpertsPredictor
    own: Predictor
    company: str
    counts: np.ndarray
    measured: Measured
    trust: OwnTrust = field(default_factory=OwnTrust)

    def __post_init__(self) -> None:
        """Check that student, teacher, evidence and labels fit."""
        columns_of(self.own.endpoints, self.endpoints)
        shape = (len(self.endpoints), self.student.dictionary.n_bits)
        if self.counts.shape != shape or self.counts.dtype != np.float32:
            raise ShapeError(f"evidence has shape {self.counts.shape} and type {self.counts.dtype}", expected=f"float32 {shape}")
        if self.measured.labels.shape[1] != len(self.endpoints):
            raise ShapeError(f"labels have shape {self.measured.labels.shape}", expected=f"(n, {len(self.endpoints)})")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of the student."""
        return self.student.endpoints

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by all experts, one of which is the own teacher, and by the labels near it."""
        return join_predictions([self._answers(chunk) for chunk in molecules.chunks(CHUNK)], len(self.endpoints))

    def _answers(self, molecules: MoleculeSet) -> Prediction:
        features, near = self.student.features(molecules), self.measured.near(molecules)
        heads = self.heads(features, self.own.predict(molecules), self.trust.factor(near.nearest))
        return self.measured.beside(near, self.student.combine(features, heads), self.endpoints)

    def heads(self, features: csr_matrix, said: Prediction, factor: np.ndarray) -> Heads:
        """Return what each expert says, with the own teacher's answers for its endpoints.

        Args:
            features: What the experts read of the molecules.
            said: The own teacher's answers.
            factor: By what its familiarity is multiplied `(M, T)`.
        """
        heads, place = self.student.heads(features), self.student.place_of(self.company)
        columns = columns_of(self.own.endpoints, self.endpoints)
        known = factor * familiarity(features, self.counts, self.student.spec.floor)
        own = Heads(scores_of(said.mean, self.own.endpoints), known[:, columns], said.aleatoric)
        return Heads(*(_in_place(*planes, place, columns) for planes in zip(heads, own, strict=True)))


def _in_place(planes: np.ndarray, own: np.ndarray, place: int, columns: list[int]) -> np.ndarray:
    """Return planes `(K, M, T)` with other columns of one expert, which may be one more."""
    more = np.zeros_like(planes[:1])
    found = np.array(planes) if place < len(planes) else np.concatenate([planes, more])
    found[place][:, columns] = own
    return found
