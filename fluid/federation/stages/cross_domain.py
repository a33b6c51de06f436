"""Stage `cross_domain`: every company's models evaluated on the test molecules of every company's own chemistry."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fluid.artifacts import Artifact
from fluid.companies.domains import domains
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.evaluation.scores import Scoring, Subject, score_predictions, scores_frame
from fluid.federation.model_folder import Model
from fluid.federation.stages.evaluate import VALIDATION, Evaluation, ModelRole, labels_for, validation_thresholds
from fluid.pipeline.stage import Stage, Work

FILE = "cross_domain.csv"
COLUMNS = ["model", "role", "company", "domain", "endpoint", "metric", "value", "n"]
TEST = "in-domain"


class Evaluated(NamedTuple):
    """A model with its answers to the evaluation."""

    who: ModelRole
    model: Model
    artifact: Artifact


def answers_to(evaluated: Artifact, part: str) -> np.ndarray:
    """Return what an evaluated model answered about a part of the evaluation, `(M, T)`."""
    with np.load(evaluated / f"{part}.npz", allow_pickle=False) as planes:
        answers: np.ndarray = planes["mean"]
    return answers


def thresholds_of(evaluation: Evaluation, endpoints: Sequence[Endpoint], validation: np.ndarray | None, own: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` of a model in an evaluation: the evaluation's, or by its answers `(M, T)` to validation, or its own."""
    if evaluation.threshold is not None:
        return np.array([evaluation.threshold if endpoint.kind == "classification" else np.nan for endpoint in endpoints])
    if evaluation.validation and validation is not None:
        return validation_thresholds(endpoints, validation, labels_for(evaluation.validation, endpoints))
    return own


def cross_domain_stage(companies: Mapping[str, Dataset], evaluated: Sequence[Evaluated], evaluation: Evaluation, method: str) -> Stage:
    """Describe the evaluation of models on the in-domain test molecules of each company's own chemistry.

    A domain without test molecules, or with one class of them, gives NaN with its number of molecules.

    Args:
        companies: Private split of each company.
        evaluated: Models with their answers.
        evaluation: What they were evaluated on.
        method: How the pool was divided; the same rule divides the test molecules.
    """

    def build(folder: Path, work: Work) -> None:
        test = evaluation.tests[TEST]
        where = domains(method, [part.table.smiles for part in companies.values()], test.table.smiles)
        scores = []
        for who, model, artifact in evaluated:
            endpoints, answers = model.predictor.endpoints, answers_to(artifact, TEST)
            validation = answers_to(artifact, VALIDATION) if evaluation.validation else None
            thresholds, labels = thresholds_of(evaluation, endpoints, validation, model.thresholds), labels_for(test, endpoints)
            for number, domain in enumerate(companies):
                own = where == number
                subject, scoring = Subject(who.name, who.role, who.company, domain), Scoring(evaluation.seed, 0, evaluation.auroc)
                scores += score_predictions(subject, endpoints, answers[own], labels[own], thresholds, scoring)
        table: pd.DataFrame = scores_frame(scores).rename(columns={"test": "domain"})[COLUMNS]
        table.to_csv(folder / FILE, index=False)

    inputs = {
        "companies": {name: part.digest for name, part in companies.items()},
        "evaluated": {one.who.name: one.artifact.digest for one in evaluated},
        "evaluation": evaluation.inputs(),
        "method": method,
    }
    return Stage("cross_domain", "cross domain", inputs, build)
