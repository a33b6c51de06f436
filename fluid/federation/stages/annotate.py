"""Stage `annotate`: a teacher answers every transfer molecule. Its `annotation_set` folder is all that leaves the company."""

from pathlib import Path

from fluid.annotation.storage import AnnotationWriter
from fluid.artifacts import Artifact
from fluid.federation.model_folder import Model
from fluid.federation.part import Part
from fluid.federation.workshop import Stage, Work

FOLDER = "annotation_set"


def annotate_stage(teacher: Artifact, model: Model, transfer: Part, chunk: int) -> Stage:
    """Describe the annotation of a transfer set.

    Args:
        teacher: The teacher's artifact (its digest is an input).
        model: The same, opened.
        transfer: Public unlabelled molecules.
        chunk: Molecules per streamed chunk.
    """

    def build(folder: Path, work: Work) -> None:
        endpoints, scorer = model.predictor.endpoints, model.domain
        writer = AnnotationWriter(folder / FOLDER, model.name, endpoints, transfer.transfer_digest, scorer.n_bins, len(transfer))
        with writer:
            for number, molecules in enumerate(transfer.molecules.chunks(chunk)):
                writer.append(model.predictor.predict(molecules), scorer.bins(molecules.bits))
                work.report(min(1.0, (number + 1) * chunk / len(transfer)))

    return Stage("annotate", model.name, {"teacher": teacher.digest, "transfer": transfer.transfer_digest, "chunk": chunk}, build)
