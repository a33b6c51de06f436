"""A company's own teacher beside what the consortium learnt: which is better on the company's own validation part?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from fluid.artifacts import read_json
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.federation.model_folder import Model
from fluid.federation.stages.held_out import HELD_OUT
from fluid.models.blend import Blend, Gate
from fluid.models.kinds.kind import kind_of
from fluid.models.predictor import Predictor
from fluid.molecules.molecule_set import MoleculeSet
from fluid.training.calibration import fit_temperature
from fluid.training.gate import EPSILON, choose_blend, prediction_loss
from fluid.training.train import Rows

ALWAYS = Gate(-1.0, -0.5, 1.0)
HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class OwnTeacher:
    """A company's own teacher.

    Attributes:
        model: The model.
    """

    model: Model

    def rows(self, dataset: Dataset, to_choose: bool = True) -> Rows:
        """Return the rows of the private split that the teacher learnt from, and those that it did not.

        Args:
            dataset: The private split.
            to_choose: Whether something is chosen on the latter, so that there must be some.

        Raises:
            ConfigError: The own teacher is a file of predictions, was trained on another split, or held no row out to choose on.
        """
        where = str(self.model.folder)
        if kind_of(self.model.predictor).by_key:
            raise ConfigError("a file of predictions does not know the company's own molecules", where=where, expected="a trained teacher")
        known = read_json(self.model.artifact / HELD_OUT) if (self.model.artifact / HELD_OUT).exists() else {}
        if known.get("part") != dataset.digest:
            raise ConfigError("the teacher was trained on other data", where=where, expected="your own teacher, trained on this input")
        held_out = np.array(known["rows"], dtype=np.int64)
        if to_choose and not len(held_out):
            raise ConfigError("the teacher held nothing out to choose on", where=where, remedy="Raise training.teacher.validation_share.")
        return np.setdiff1d(np.arange(len(dataset)), held_out), held_out


def gate_own(own: OwnTeacher, student: Predictor, dataset: Dataset, labels: np.ndarray, censored: np.ndarray | None = None) -> Blend:
    """Return own teacher and student as one, with shares chosen on the rows that the teacher did not learn from.

    Args:
        own: The own teacher.
        student: The student.
        dataset: The private split.
        labels: Its labels `(M, T)` in the student's columns.
        censored: Which of them are bounds, as in `MoleculeTable`; `None`: none is.
    """
    learnt, held_out = own.rows(dataset)
    bits = np.asarray(dataset.molecules.bits[learnt])
    told = None if censored is None else censored[held_out]
    return choose_blend(own.model.predictor, student, bits, dataset.molecules.take(held_out), labels[held_out], told)


def calibrated_loss(predictor: Predictor, molecules: MoleculeSet, labels: np.ndarray, censored: np.ndarray | None = None) -> float:
    """Return the loss on labels `(M, T)`, some of them bounds, after each class's log-odds got the temperature that fits them best.

    The own teacher and the hybrid had their temperatures from these rows; so that the student is not evaluated by its lack of one,
    all get one.
    """
    mean = predictor.predict(molecules).mean.astype(np.float64)
    for column, endpoint in enumerate(predictor.endpoints):
        if endpoint.kind == "classification":
            probs = np.clip(mean[:, column], EPSILON, 1 - EPSILON)
            logits = np.log(probs / (1 - probs))
            mean[:, column] = 1 / (1 + np.exp(-logits / fit_temperature(logits, labels[:, column])))
    return prediction_loss(predictor.endpoints, mean, labels, censored)


def widen_to(own: Predictor, student: Predictor, bits: np.ndarray) -> Predictor:
    """Return the own teacher, with the student's answers for endpoints that it does not know."""
    return own if own.endpoints == student.endpoints else Blend(own, student, bits, ALWAYS)


def choose_best(
    hybrid: Predictor, own: OwnTeacher, student: Predictor, dataset: Dataset, labels: np.ndarray, censored: np.ndarray | None = None
) -> tuple[Predictor, str, Mapping[str, float]]:
    """Return the best of hybrid, own teacher and student on the rows that no one learnt from, its name, and the losses of all.

    Of equal ones the hybrid is kept. Endpoints that the company did not measure do not count.

    Args:
        hybrid: The hybrid; it must not have learnt from these rows either.
        own: The own teacher.
        student: The student.
        dataset: The private split.
        labels: Its labels `(M, T)` in the student's columns.
        censored: Which of them are bounds, as in `MoleculeTable`; `None`: none is.
    """
    held_out = own.rows(dataset)[1]
    teacher = widen_to(own.model.predictor, student, np.asarray(dataset.molecules.bits))
    candidates = {HYBRID: hybrid, "teacher": teacher, "student": student}
    molecules = dataset.molecules.take(held_out)
    told = None if censored is None else censored[held_out]
    losses = {name: calibrated_loss(model, molecules, labels[held_out], told) for name, model in candidates.items()}
    kept = min(losses, key=lambda name: losses[name])
    return candidates[kept], kept, losses


def check_own(own: OwnTeacher | None, needed: bool, endpoints: tuple[Endpoint, ...]) -> None:
    """Refuse a hybrid that needs the own teacher and has none, or one of other endpoints.

    Raises:
        ConfigError: The own teacher is missing, or answers an endpoint that the student does not.
    """
    if not needed:
        return
    if own is None:
        who = "hybrid=gate, hybrid=own_expert and hybrid.guard=true"
        raise ConfigError(f"{who} need your own teacher", remedy="Add teacher=FOLDER (made by train-teacher).")
    unknown = [endpoint.name for endpoint in own.model.predictor.endpoints if endpoint not in endpoints]
    if unknown:
        raise ConfigError(f"the student does not know endpoint {unknown[0]!r} of your teacher", where=str(own.model.folder))
