"""A company's hybrid of an experts student: its own teacher in the place of its head, exact evidence in that of the released one."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_matrix

from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError, ShapeError
from fluid.models.additive import CHUNK
from fluid.models.experts import ExpertsPredictor, Heads
from fluid.models.familiarity import familiarity
from fluid.models.neighbours import columns_of
from fluid.models.prediction import Prediction, join_predictions
from fluid.models.predictor import Predictor
from fluid.models.scores import scores_of
from fluid.molecules.molecule_set import MoleculeSet


@dataclass(frozen=True, eq=False)
class OwnExpert:
    """An experts student in which one expert is a company's own teacher; a `Predictor`. Nothing is trained.

    Attributes:
        student: The experts student.
        own: The company's own teacher; its endpoints are among the student's.
        company: Name of the company: the head of this name gives way to the teacher; where there is none, the teacher is one expert more.
        counts: The company's exact evidence for the student's endpoints `(T, D)` float32; 0 for those that the teacher does not answer.
        trust: Times as familiar the teacher is taken to be as its evidence says, above 0.

    Raises:
        ConfigError: The own teacher answers an endpoint that the student does not, or the trust is not above 0.
        ShapeError: The evidence is not `(T, D)` float32.
    """

    kind: ClassVar[str] = "own_expert"
    student: ExpertsPredictor
    own: Predictor
    company: str
    counts: np.ndarray
    trust: float = 1.0

    def __post_init__(self) -> None:
        """Check that student, teacher and evidence fit."""
        columns_of(self.own.endpoints, self.endpoints)
        if not 0 < self.trust < math.inf:
            raise ConfigError(f"trust is {self.trust}", expected="a finite number above 0")
        shape = (len(self.endpoints), self.student.dictionary.n_bits)
        if self.counts.shape != shape or self.counts.dtype != np.float32:
            raise ShapeError(f"evidence has shape {self.counts.shape} and type {self.counts.dtype}", expected=f"float32 {shape}")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of the student."""
        return self.student.endpoints

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule by all experts, one of which is the own teacher."""
        return join_predictions([self._answers(chunk) for chunk in molecules.chunks(CHUNK)], len(self.endpoints))

    def _answers(self, molecules: MoleculeSet) -> Prediction:
        features = self.student.features(molecules)
        return self.student.combine(features, self.heads(features, self.own.predict(molecules)))

    def heads(self, features: csr_matrix, said: Prediction) -> Heads:
        """Return what each expert says, with the own teacher's answers for its endpoints."""
        heads = self.student.heads(features)
        place = self.student.place_of(self.company)
        columns = columns_of(self.own.endpoints, self.endpoints)
        known = self.trust * familiarity(features, self.counts, self.student.spec.floor)
        own = Heads(scores_of(said.mean, self.own.endpoints), known[:, columns], said.aleatoric)
        return Heads(*(_in_place(*planes, place, columns) for planes in zip(heads, own, strict=True)))


def _in_place(planes: np.ndarray, own: np.ndarray, place: int, columns: list[int]) -> np.ndarray:
    """Return planes `(K, M, T)` with other columns of one expert, which may be one more."""
    more = np.zeros_like(planes[:1])
    found = np.array(planes) if place < len(planes) else np.concatenate([planes, more])
    found[place][:, columns] = own
    return found
