"""What the stages of FedMD and DS-FL share: their inputs, and the coordinator's model as a folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from fluid.data.dataset import Dataset
from fluid.federation.baselines.prediction_rounds import Digested
from fluid.federation.baselines.spec import KIND, DSFLSpec, FedMDSpec
from fluid.federation.model_folder import Model, reference_fingerprints, write_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.student import consensus_thresholds
from fluid.federation.stages.teacher import finished, trainer_inputs
from fluid.pipeline.stage import Stage, Work


def write_central(folder: Path, name: str, digested: Digested, spec: FederationSpec) -> None:
    """Write the model without data, as a student is written."""
    predictor = finished(digested.central, spec.annotation)
    thresholds = consensus_thresholds(predictor, digested.molecules, digested.soft_label, np.arange(len(digested.molecules)))
    reference = reference_fingerprints(digested.molecules, spec.seed)
    write_model(folder, name, KIND, predictor, thresholds, reference, spec.annotation, digested.central.curve)


def rounds_stage(
    name: str,
    parts: Mapping[str, Dataset],
    teachers: Mapping[str, Model],
    transfer: Dataset,
    spec: FederationSpec,
    settings: FedMDSpec | DSFLSpec,
    build: Callable[[Path, Work], None],
) -> Stage:
    """Describe the rounds of a baseline that starts from the teachers; arguments as in `Course`."""
    inputs = {
        "companies": {company: part.digest for company, part in parts.items()},
        "teachers": {company: teacher.digest for company, teacher in teachers.items()},
        "transfer": transfer.transfer_digest,
        "student_model": spec.student_model,
        "configs": [spec.student_config, spec.training.hybrid, spec.training.teacher.validation_share],
        "trainer": trainer_inputs(spec.trainer),
        "annotation": spec.annotation,
        "seed": spec.seed,
        "settings": settings,
    }
    return Stage(KIND, name, inputs, build, spec.trainer.threads_for(spec.training.student), f"federation/baselines/{name}.py")
