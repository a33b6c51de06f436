"""What the stages of FedMD and DS-FL share: their inputs, and the coordinator's model as a folder."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from fluid.data.dataset import Dataset
from fluid.federation.baselines.prediction_rounds import Digested
from fluid.federation.baselines.spec import KIND, DSFLSpec, FedMDSpec
from fluid.federation.model_folder import About, Model, reference_fingerprints, write_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.student import consensus_thresholds
from fluid.models.kinds.kind import modules_of
from fluid.pipeline.stage import Stage, Work
from fluid.training.kinds.kind import modules_of as model_modules


def write_central(folder: Path, name: str, digested: Digested, spec: FederationSpec) -> None:
    """Write the model without data, as a student is written."""
    predictor = digested.central.predictor.with_mc_samples(spec.annotation.mc_samples)
    thresholds = consensus_thresholds(predictor, digested.molecules, digested.soft_label, np.arange(len(digested.molecules)))
    reference = reference_fingerprints(digested.molecules, spec.seed)
    write_model(folder, predictor, About(name, KIND, thresholds, reference, spec.annotation), digested.central.curve)


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
        "trainer": spec.trainer.deciding(),
        "annotation": spec.annotation,
        "seed": spec.seed,
        "settings": settings,
    }
    threads = spec.trainer.threads_for(spec.training.student)
    answering = modules_of(*(teacher.predictor for teacher in teachers.values()))
    modules = (*answering, *model_modules(spec.student_model), *spec.loss.modules)
    return Stage(KIND, name, inputs, build, f"federation/baselines/{name}.py", threads, modules)
