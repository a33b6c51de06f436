"""Stage `annotate`: a teacher answers every transfer molecule. Its `annotation_set` folder is all that leaves the company."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.rounding import round_predictions, round_uncertainties, units_of
from fluid.annotation.storage import AnnotationWriter
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.federation.model_folder import Model, domain_planes
from fluid.models.kinds.kind import modules_of, predict_all
from fluid.models.prediction import PLANES, Prediction
from fluid.molecules.molecule_set import MoleculeSet
from fluid.pipeline.shards import Shards
from fluid.pipeline.stage import Report, Stage, Work
from fluid.privacy.certificate import FILE as CERTIFICATE
from fluid.threads import Spread

MODULE = "federation/stages/annotate.py"

FOLDER, ANSWERS = "annotation_set", "answers.npz"


def annotate(model: Model, dataset: Dataset) -> AnnotationSet:
    """Return what a model says of every molecule of a data set, in order: prediction, uncertainty and domain score."""
    prediction, domain = model.predictor.predict(dataset.molecules), domain_planes(model, dataset.molecules)
    planes = (prediction.mean, prediction.epistemic, prediction.aleatoric)
    about = (model.name, tuple(model.predictor.endpoints), dataset.transfer_digest)
    return AnnotationSet(*about, *planes, domain["bins"], model.n_bins, domain.get("distance"), model.evidence, domain.get("familiarity"))


def annotate_stage(model: Model, transfer: Dataset, chunk: int, digits: int = 0) -> Stage:
    """Describe the annotation of a transfer set.

    Args:
        model: The teacher.
        transfer: Public unlabelled molecules.
        chunk: Molecules per streamed chunk.
        digits: Digits of the released answers; 0: all.
    """

    def build(folder: Path, work: Work) -> None:
        shards = shards_in(work.scratch)
        answer_together([(model, shards)], transfer, chunk, work.report)
        about = (model.name, model.predictor.endpoints, transfer.transfer_digest, model.n_bins, len(transfer))
        rounds = Rounding.of(shards, model.predictor.endpoints, digits) if digits else None
        with AnnotationWriter(folder / FOLDER, *about, model.released, model.evidence) as writer:
            for piece in shards:
                with np.load(piece / ANSWERS, allow_pickle=False) as answers:
                    released = {name: answers[name] for name in model.released}
                    said = Prediction(*(answers[plane] for plane in PLANES))
                    writer.append(rounds(said) if rounds else said, answers["bins"], **released)
        if model.kind == "teacher" and (model.folder / CERTIFICATE).exists():
            shutil.copyfile(model.folder / CERTIFICATE, folder / FOLDER / CERTIFICATE)

    inputs = {
        "teacher": model.digest,
        "transfer": transfer.transfer_digest,
        "chunk": chunk,
        "answers": model.predictor.kind,
        "digits": digits,
    }
    return Stage("annotate", model.name, inputs, build, module=MODULE, modules=modules_of(model.predictor))


@dataclass(frozen=True, slots=True)
class Rounding:
    """How the answers of a teacher are rounded.

    Attributes:
        endpoints: The `T` endpoints.
        units: What digits count from, `(T,)`.
        digits: How many.
    """

    endpoints: tuple[Endpoint, ...]
    units: np.ndarray
    digits: int

    @classmethod
    def of(cls, shards: Shards, endpoints: tuple[Endpoint, ...], digits: int) -> "Rounding":
        """Take the units from all that a teacher answered."""
        means = []
        for piece in shards:
            with np.load(piece / ANSWERS, allow_pickle=False) as answers:
                means.append(answers["mean"])
        return cls(endpoints, units_of(endpoints, np.concatenate(means)), digits)

    def __call__(self, said: Prediction) -> Prediction:
        """Return rounded answers."""
        doubts = (round_uncertainties(plane, self.endpoints, self.units, self.digits) for plane in (said.epistemic, said.aleatoric))
        return Prediction(round_predictions(said.mean, self.endpoints, self.units, self.digits), *doubts)


def shards_in(scratch: Path) -> Shards:
    """Return the chunks that were answered by an earlier, stopped run; the scratch folder's place says what they are of."""
    return Shards(scratch, "annotation")


def answer_together(models: Sequence[tuple[Model, Shards]], transfer: Dataset, chunk: int, report: Report, spread: Spread = map) -> None:
    """Let several models answer a transfer set in one pass, chunk by chunk; chunks that a model answered before are left out.

    Args:
        models: Each with its finished chunks.
        transfer: Public unlabelled molecules.
        chunk: Molecules per chunk.
        report: Called with the share of work done.
        spread: How the models are asked: one after the other, or by several threads.
    """
    for number, molecules in enumerate(transfer.molecules.chunks(chunk)):
        if asked := [(model, shards) for model, shards in models if len(shards) == number]:
            predictions = predict_all([model.predictor for model, _ in asked], molecules, spread)
            for _ in spread(partial(_keep, molecules), asked, predictions):
                pass
        report(min(1.0, (number + 1) * chunk / len(transfer)))


def _keep(molecules: MoleculeSet, asked: tuple[Model, Shards], prediction: Prediction) -> None:
    model, shards = asked
    planes = {plane: getattr(prediction, plane) for plane in PLANES}
    with shards.piece() as folder:
        np.savez(folder / ANSWERS, allow_pickle=False, **domain_planes(model, molecules), **planes)
