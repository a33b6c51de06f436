"""Stage `cross_domain`: every company's models evaluated on the test molecules of every company's own chemistry."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from fluid.artifacts import Artifact
from fluid.companies.domains import domains
from fluid.data.dataset import Dataset
from fluid.evaluation.scores import Scoring, Subject, score_predictions, scores_frame
from fluid.federation.model_folder import Model
from fluid.federation.stages.columns import bounds_for, labels_for
from fluid.federation.stages.evaluate import VALIDATION, Evaluation, ModelRole, read_answers, thresholds_of
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/cross_domain.py"

FILE = "cross_domain.csv"
COLUMNS = ["model", "role", "company", "domain", "endpoint", "metric", "value", "n"]
TEST = "in-domain"


class Evaluated(NamedTuple):
    """A model with its answers to the evaluation."""

    who: ModelRole
    model: Model
    artifact: Artifact


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
        where = domains(method, [part.molecules.smiles for part in companies.values()], test.molecules.smiles)
        asked = {name: part for name, part in evaluation.parts.items() if name in (TEST, VALIDATION)}
        scores = []
        for who, model, artifact in evaluated:
            endpoints = model.predictor.endpoints
            said = {name: read_answers(artifact, name, part).prediction for name, part in asked.items()}
            thresholds, labels = thresholds_of(evaluation, endpoints, said, model.thresholds), labels_for(test, endpoints)
            bounds = bounds_for(test, endpoints)
            for number, domain in enumerate(companies):
                own = where == number
                subject, scoring = Subject(who.name, who.role, who.company, domain), Scoring(evaluation.seed, 0, evaluation.auroc)
                told = None if bounds is None else bounds[own]
                scores += score_predictions(subject, endpoints, said[TEST][own], labels[own], thresholds, scoring, told)
        table: pd.DataFrame = scores_frame(scores).rename(columns={"test": "domain"})[COLUMNS]
        table.to_csv(folder / FILE, index=False)

    inputs = {
        "companies": {name: part.digest for name, part in companies.items()},
        "evaluated": {one.who.name: one.artifact.digest for one in evaluated},
        "evaluation": evaluation.inputs(),
        "method": method,
    }
    return Stage("cross_domain", "cross domain", inputs, build, module=MODULE)
