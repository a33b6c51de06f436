"""The similarity-guided ensemble of a company's own teacher and a federated model."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from fluid.data.dataset import Dataset
from fluid.federation.baselines.baseline import Baseline, Owned
from fluid.federation.baselines.spec import KIND, SGESpec
from fluid.federation.data_nodes import COMPANIES
from fluid.federation.model_folder import About, Model, own_thresholds, write_model
from fluid.federation.model_nodes import open_model
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.held_out import own_validation
from fluid.models.kinds.kind import modules_of
from fluid.models.similarity_guided import SimilarityGuided
from fluid.pipeline.graph import Node, Step, Values
from fluid.pipeline.stage import Stage, Work

NAME = "sge"


def ensemble_name(company: str) -> str:
    """Return the name of a company's ensemble."""
    return f"{NAME}-{company}"


def sge_stage(company: str, dataset: Dataset, own: Model, common: Model, spec: FederationSpec, settings: SGESpec) -> Stage:
    """Describe one company's ensemble; nothing is trained, and similarities to private molecules stay inside the company.

    Args:
        company: Name of the company.
        dataset: Its private split.
        own: Its teacher.
        common: The federated model.
        spec: The experiment.
        settings: Which similarity counts how.
    """

    def build(folder: Path, work: Work) -> None:
        reference = np.load(own.folder / "reference.npy", allow_pickle=False)
        predictor = SimilarityGuided(own.predictor, common.predictor, reference, settings.k, settings.power)
        rows = own_validation(dataset.labels, spec.training.teacher, spec.seed, company, dataset.molecules.skeletons)[1]
        held_out = dataset.take(rows)
        thresholds = own_thresholds(predictor, held_out.molecules, held_out.labels)
        write_model(folder, predictor, About(ensemble_name(company), KIND, thresholds, reference, spec.annotation))

    inputs = {
        "part": dataset.digest,
        "teacher": own.digest,
        "federated": common.digest,
        "settings": settings,
        "share": spec.training.teacher.validation_share,
        "annotation": spec.annotation,
        "seed": spec.seed,
    }
    modules = modules_of(own.predictor, common.predictor)
    return Stage(KIND, ensemble_name(company), inputs, build, module=f"federation/baselines/{NAME}.py", modules=modules)


def nodes(settings: SGESpec, spec: FederationSpec) -> Iterator[Node]:
    """Yield every company's ensemble."""
    for company in spec.members:
        needs = (COMPANIES, company, settings.federated)
        yield Step(ensemble_name(company), needs, partial(_guided, company, settings, spec), open_model)


def _guided(company: str, settings: SGESpec, spec: FederationSpec, values: Values) -> Stage:
    return sge_stage(company, values[COMPANIES][company], values[company], values[settings.federated], spec, settings)


def models(settings: SGESpec, spec: FederationSpec) -> Sequence[Owned]:
    """Return every company's ensemble."""
    return [(ensemble_name(company), "sge_member", company) for company in spec.members]


def needs(settings: SGESpec) -> str:
    """Return the baseline whose model is the federated one; empty for the student."""
    return "" if settings.federated == "student" else settings.federated


def mean_of(settings: SGESpec) -> str:
    """Return whose costs these ensembles have: those of the federated model."""
    return settings.federated


BASELINE = Baseline(SGESpec, nodes, models, rounds="", leaves="", needs=needs, mean_of=mean_of, learns_bounds=True)
