"""Naive Bayes on the bits of Morgan fingerprints, for classes only."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from fluid.artifacts import plain
from fluid.data.endpoints import Endpoint
from fluid.models.kinds.kind import PredictorKind
from fluid.models.prediction import Prediction, classification_prediction
from fluid.molecules.molecule_set import MoleculeSet
from fluid.training.kinds.kind import Fitted, Fitting, ModelKind
from fluid.training.lesson import Lesson, Measured
from fluid.training.train import own_rows


@dataclass(frozen=True, slots=True)
class BitsSpec:
    """Settings: `smoothing` molecules of each class are taken to have, and as many to lack, every bit."""

    kind: ClassVar[str] = "bits"
    smoothing: float = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class BitsPredictor:
    """Log-odds of a class, linear in the bits: `weights` `(T, bits)` and `offset` `(T,)`."""

    kind: ClassVar[str] = "bits"
    endpoints: tuple[Endpoint, ...]
    weights: np.ndarray
    offset: np.ndarray
    spec: BitsSpec

    def predict(self, molecules: MoleculeSet) -> Prediction:
        """Answer every molecule."""
        logits = unpacked(molecules) @ self.weights.T + self.offset
        return classification_prediction((1 / (1 + np.exp(-np.clip(logits, -30, 30))))[None])


def unpacked(molecules: MoleculeSet) -> np.ndarray:
    """Return the bits of molecules, `(M, bits)` of 0 and 1."""
    return np.unpackbits(np.asarray(molecules.bits), axis=1).astype(np.float64)


def learnt(
    molecules: MoleculeSet, labels: np.ndarray, weight: np.ndarray, endpoints: tuple[Endpoint, ...], spec: BitsSpec
) -> BitsPredictor:
    """Return the model of labels `(M, T)`, hard or soft, with weights `(M, T)`."""
    bits, weights, offsets = unpacked(molecules), [], []
    for column in range(len(endpoints)):
        known = np.isfinite(labels[:, column])
        share, mass, own = labels[known, column].astype(float), weight[known, column].astype(float), bits[known]
        sums = np.stack([mass * (1 - share), mass * share])
        rate = (sums @ own + spec.smoothing) / (sums.sum(axis=1, keepdims=True) + 2 * spec.smoothing)
        ratio = np.log(rate) - np.log1p(-rate)
        weights.append(ratio[1] - ratio[0])
        offsets.append(np.diff(np.log1p(-rate).sum(axis=1))[0] + np.diff(np.log(sums.sum(axis=1)))[0])
    return BitsPredictor(endpoints, np.stack(weights), np.array(offsets), spec)


def fit(fitting: Fitting, spec: BitsSpec, measured: Measured) -> Fitted:
    """Make a teacher of what is not held out."""
    rows, _ = own_rows(fitting, measured.labels, measured.molecules.skeletons)
    labels = measured.labels[rows]
    return Fitted(learnt(measured.molecules.take(rows), labels, np.ones_like(labels), measured.endpoints, spec))


def distil(fitting: Fitting, spec: BitsSpec, lesson: Lesson) -> Fitted:
    """Make a student of a whole lesson."""
    return Fitted(learnt(lesson.molecules, lesson.soft_label, lesson.weight, lesson.endpoints, spec))


def save(folder: Path, model: BitsPredictor) -> Mapping[str, Any]:
    """Write weights and offsets."""
    np.savez(folder / "bits.npz", weights=model.weights, offset=model.offset)
    return {"spec": plain(model.spec)}


def load(folder: Path, card: Mapping[str, Any], endpoints: tuple[Endpoint, ...]) -> BitsPredictor:
    """Read weights and offsets."""
    with np.load(folder / "bits.npz", allow_pickle=False) as planes:
        return BitsPredictor(endpoints, planes["weights"], planes["offset"], BitsSpec(**card["spec"]))


def settings(model: BitsPredictor) -> BitsSpec:
    """Return what it was made with."""
    return model.spec


MODEL = ModelKind(BitsSpec, fit, distil)
PREDICTOR = PredictorKind(save, load, settings=settings)
