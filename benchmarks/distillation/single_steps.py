"""Single steps of a federation on given models and annotations, by the same stages as in a whole run."""

from collections.abc import Mapping

from fluid.annotation.annotation_set import AnnotationSet
from fluid.annotation.storage import read_annotation_set
from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.federation.consensus_table import read_consensus
from fluid.federation.model_folder import Model
from fluid.federation.model_nodes import annotate_group
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.annotate import FOLDER, annotate_stage
from fluid.federation.stages.consensus import consensus_stage
from fluid.federation.stages.student import student_stage
from fluid.pipeline.runner import Runner
from fluid.pipeline.stage import Stage


def annotate(models: Mapping[str, Model], transfer: Dataset, chunk: int, runner: Runner) -> dict[str, Artifact]:
    """Let models answer a transfer set in one pass."""
    stages = {name: annotate_stage(model, transfer, chunk) for name, model in models.items()}
    if new := runner.new(stages):
        annotate_group([(stage, {"model": models[name], "transfer": transfer}) for name, stage in new.items()], runner)
    return {name: runner.make(stage) for name, stage in stages.items()}


def read_sets(annotations: Mapping[str, Artifact], transfer: Dataset) -> list[AnnotationSet]:
    """Read the annotation sets of some models."""
    return [read_annotation_set(one.folder / FOLDER, transfer.transfer_digest, len(transfer)) for one in annotations.values()]


def student(annotations: Mapping[str, Artifact], transfer: Dataset, spec: FederationSpec, runner: Runner) -> Stage:
    """Describe the student of the consensus of some annotations; the consensus is made now."""
    sets = read_sets(annotations, transfer)
    consensus = runner.make(consensus_stage(sets, spec.consensus, spec.annotation.edges))
    said = sets if spec.distillation.reads_annotations else ()
    return student_stage(read_consensus(consensus, transfer.transfer_digest), transfer, spec.student_settings, sets=said)
