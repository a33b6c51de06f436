"""The similarity-guided ensemble of a company's own teacher and a federated model."""

from pathlib import Path

import numpy as np

from fluid.data.dataset import Dataset
from fluid.federation.baselines.spec import KIND, SGESpec
from fluid.federation.model_folder import Model, own_thresholds, write_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.teacher import own_validation
from fluid.models.similarity_guided import SimilarityGuided
from fluid.pipeline.stage import Stage, Work

NAME = "sge"


def ensemble_name(company: str) -> str:
    """Return the name of a company's ensemble."""
    return f"{NAME}-{company}"


def sge_stage(company: str, part: Dataset, own: Model, common: Model, spec: FederationSpec, settings: SGESpec) -> Stage:
    """Describe one company's ensemble; nothing is trained, and similarities to private molecules stay inside the company.

    Args:
        company: Name of the company.
        part: Its private split.
        own: Its teacher.
        common: The federated model.
        spec: The experiment.
        settings: Which similarity counts how.
    """

    def build(folder: Path, work: Work) -> None:
        reference = np.load(own.folder / "reference.npy", allow_pickle=False)
        predictor = SimilarityGuided(own.predictor, common.predictor, reference, settings.k, settings.power)
        held_out = part.take(own_validation(part.table.labels, spec.training.teacher, spec.seed, company)[1])
        thresholds = own_thresholds(predictor, held_out.molecules, held_out.table.labels)
        write_model(folder, ensemble_name(company), KIND, predictor, thresholds, reference, spec.annotation)

    inputs = {
        "part": part.digest,
        "teacher": own.digest,
        "federated": common.digest,
        "settings": settings,
        "share": spec.training.teacher.validation_share,
        "annotation": spec.annotation,
        "seed": spec.seed,
    }
    return Stage(KIND, ensemble_name(company), inputs, build, module=f"federation/baselines/{NAME}.py")
