"""Stage `cross_domain`: every company's models judged on the test molecules of every company's own chemistry."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fluid.artifacts import Artifact
from fluid.companies.domains import domains
from fluid.data.endpoints import Endpoint
from fluid.evaluation.scores import score_predictions, scores_frame
from fluid.federation.model_folder import Model
from fluid.federation.part import Part
from fluid.federation.stage import Stage, Work
from fluid.federation.stages.judge import VALIDATION, Candidate, Exam, labels_for, validation_thresholds

FILE = "cross_domain.csv"
COLUMNS = ["model", "role", "company", "domain", "endpoint", "metric", "value", "n"]
TEST = "in-domain"


class Judged(NamedTuple):
    """A model with its answers to the exam."""

    who: Candidate
    model: Model
    artifact: Artifact


def answers_to(judged: Artifact, part: str) -> np.ndarray:
    """Return what a judged model answered about a part of the exam, `(M, T)`."""
    with np.load(judged / f"{part}.npz", allow_pickle=False) as planes:
        answers: np.ndarray = planes["mean"]
    return answers


def thresholds_of(exam: Exam, endpoints: Sequence[Endpoint], validation: np.ndarray | None, own: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` of a model in an exam: the exam's, or by its answers `(M, T)` to validation, or its own."""
    if exam.threshold is not None:
        return np.array([exam.threshold if endpoint.kind == "classification" else np.nan for endpoint in endpoints])
    if exam.validation and validation is not None:
        return validation_thresholds(endpoints, validation, labels_for(exam.validation, endpoints))
    return own


def cross_domain_stage(companies: Mapping[str, Part], judged: Sequence[Judged], exam: Exam, method: str) -> Stage:
    """Describe the judging of models on the in-domain test molecules of each company's own chemistry.

    A domain without test molecules, or with one class of them, gives NaN with its number of molecules.

    Args:
        companies: Private split of each company.
        judged: Models with their answers.
        exam: What they were judged on.
        method: How the pool was divided; the same rule divides the test molecules.
    """

    def build(folder: Path, work: Work) -> None:
        test = exam.tests[TEST]
        where = domains(method, [part.table.smiles for part in companies.values()], test.table.smiles)
        scores = []
        for who, model, artifact in judged:
            endpoints, answers = model.predictor.endpoints, answers_to(artifact, TEST)
            validation = answers_to(artifact, VALIDATION) if exam.validation else None
            thresholds, labels = thresholds_of(exam, endpoints, validation, model.thresholds), labels_for(test, endpoints)
            for number, domain in enumerate(companies):
                own = where == number
                about = (who.name, who.role, who.company, domain, endpoints, answers[own], labels[own], thresholds)
                scores += score_predictions(*about, exam.seed, 0, exam.auroc)
        table: pd.DataFrame = scores_frame(scores).rename(columns={"test": "domain"})[COLUMNS]
        table.to_csv(folder / FILE, index=False)

    inputs = {
        "companies": {name: part.digest for name, part in companies.items()},
        "judged": {one.who.name: one.artifact.digest for one in judged},
        "exam": exam.inputs(),
        "method": method,
    }
    return Stage("cross_domain", "cross domain", inputs, build)
