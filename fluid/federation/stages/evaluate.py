"""Stage `evaluate`: a model answers the labelled parts; thresholds come from validation, scores from the tests."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fluid.annotation.annotation_set import AnnotationSet, stack
from fluid.annotation.storage import read_annotation_set, write_annotation_set
from fluid.artifacts import Artifact
from fluid.data.dataset import Dataset
from fluid.data.endpoints import Endpoint
from fluid.distillation.consensus import Consensus
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.errors import ConfigError
from fluid.evaluation.confidence import evaluate_confidence, losses, risk_coverage
from fluid.evaluation.reliability import reliability
from fluid.evaluation.scores import Score, Scoring, Subject, score_predictions, scores_frame
from fluid.evaluation.thresholds import best_threshold
from fluid.federation.model_folder import Model
from fluid.federation.stages.annotate import annotate
from fluid.federation.stages.columns import bounds_for, labels_for, values_for
from fluid.federation.stages.consensus import fit_rule, labels_hash, scale_of, tensors
from fluid.models.kinds.kind import modules_of
from fluid.pipeline.stage import Stage, Work

MODULE = "federation/stages/evaluate.py"

VALIDATION = "validation"
POINTS = 50


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What models are evaluated on.

    Attributes:
        validation: Labelled molecules for thresholds; `None`: each model's own thresholds.
        tests: Labelled test molecules by name (`in-domain`, `external`).
        n_bootstrap: Resamples per interval.
        seed: Seed of the resamples: the same for all models, so that they are compared on the same draws.
        threshold: Of all models; `None`: from validation, or the model's own.
        auroc: Of `probabilities` or of `calls`.
    """

    validation: Dataset | None
    tests: Mapping[str, Dataset]
    n_bootstrap: int
    seed: int
    threshold: float | None = None
    auroc: str = "probabilities"

    @property
    def parts(self) -> dict[str, Dataset]:
        """Validation and tests by name."""
        return {**({VALIDATION: self.validation} if self.validation else {}), **self.tests}

    def inputs(self) -> dict[str, object]:
        """Return what of the evaluation decides a result."""
        return {"parts": {name: part.digest for name, part in self.parts.items()}, "n_bootstrap": self.n_bootstrap, "seed": self.seed} | {
            "threshold": self.threshold,
            "auroc": self.auroc,
        }


@dataclass(frozen=True, slots=True)
class ModelRole:
    """Who is evaluated: name, role in the score table, owner."""

    name: str
    role: str
    company: str = ""


def validation_thresholds(endpoints: Sequence[Endpoint], probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` with the best validation MCC; NaN for regression."""
    return np.array([best_threshold(probs[:, i], labels[:, i]) if e.kind == "classification" else np.nan for i, e in enumerate(endpoints)])


def thresholds_of(
    evaluation: Evaluation, endpoints: Sequence[Endpoint], answers: Mapping[str, np.ndarray], own: np.ndarray | None
) -> np.ndarray:
    """Return the thresholds `(T,)` of a model: the evaluation's, or by its answers to the validation part, or its own.

    Raises:
        ConfigError: The evaluation has no thresholds and no validation part, and the model has no thresholds of its own.
    """
    if evaluation.threshold is not None:
        return np.array([evaluation.threshold if endpoint.kind == "classification" else np.nan for endpoint in endpoints])
    if evaluation.validation:
        return validation_thresholds(endpoints, answers[VALIDATION], labels_for(evaluation.validation, endpoints))
    if own is None:
        raise ConfigError("no thresholds", expected="a validation part, evaluation.threshold, or a model with thresholds of its own")
    return own


def write_scores(
    folder: Path,
    who: ModelRole,
    endpoints: Sequence[Endpoint],
    answers: Mapping[str, np.ndarray],
    evaluation: Evaluation,
    own: np.ndarray | None = None,
    variances: Mapping[str, np.ndarray] | None = None,
) -> None:
    """Score the answers on every test, at the thresholds of `thresholds_of`; write `scores.csv` and `reliability.csv`.

    Args:
        folder: Where they go.
        who: Whose answers they are.
        endpoints: The model's endpoints.
        answers: Probabilities or values `(M, T)`, per part.
        evaluation: Tests.
        own: The model's own thresholds, if it has any.
        variances: Variances of the answers `(M, T)`, per part, if the model says any.
    """
    thresholds = thresholds_of(evaluation, endpoints, answers, own)
    scores: list[Score] = []
    points = []
    for test, part in evaluation.tests.items():
        labels, variance = labels_for(part, endpoints), variances[test] if variances else None
        subject = Subject(who.name, who.role, who.company, test)
        scoring = Scoring(evaluation.seed, evaluation.n_bootstrap, evaluation.auroc)
        bounds = bounds_for(part, endpoints)
        scores += score_predictions(subject, endpoints, answers[test], labels, thresholds, scoring, bounds, variance)
        for i, endpoint in enumerate(endpoints):
            if endpoint.kind == "classification":
                points += [(who.name, test, *point) for point in reliability(answers[test][:, i], labels[:, i])]
    scores_frame(scores).to_csv(folder / "scores.csv", index=False)
    pd.DataFrame(points, columns=["model", "test", "predicted", "observed", "n"]).to_csv(folder / "reliability.csv", index=False)


def evaluate_stage(model: Model, who: ModelRole, evaluation: Evaluation) -> Stage:
    """Describe the evaluation of one model; its answers are kept as an annotation set per part."""

    def build(folder: Path, work: Work) -> None:
        answers, variances = {}, {}
        for number, (name, part) in enumerate(evaluation.parts.items()):
            said = annotate(model, part)
            answers[name], variances[name] = said.prediction, said.epistemic + said.aleatoric
            write_annotation_set(folder / name, said)
            work.report((number + 1) / (len(evaluation.parts) + 1))
        write_scores(folder, who, model.predictor.endpoints, answers, evaluation, model.thresholds, variances)

    inputs = {"model": model.digest, "who": who, "evaluation": evaluation.inputs()}
    return Stage("evaluate", who.name, inputs, build, module=MODULE, modules=modules_of(model.predictor))


def read_answers(evaluated: Artifact, name: str, dataset: Dataset) -> AnnotationSet:
    """Return an evaluated model's answers on one of the evaluation's data sets."""
    return read_annotation_set(evaluated / name, dataset.transfer_digest, len(dataset))


@dataclass(frozen=True, slots=True)
class ConsensusLesson:
    """What a consensus learns from, if it learns at all.

    Attributes:
        sets: The teachers' annotations of the transfer set.
        labels: Public labels of some transfer molecules `(M, T)`; or `None`.
    """

    sets: tuple[AnnotationSet, ...]
    labels: np.ndarray | None = None

    def inputs(self) -> dict[str, object]:
        """Return what of it decides a result."""
        return {"sets": sorted(annotations.digest for annotations in self.sets), "labels": labels_hash(self.labels)}


def ask_directly(
    sets: Mapping[str, Sequence[AnnotationSet]],
    spec: ConsensusSpec,
    edges: tuple[float, ...],
    lesson: Sequence[AnnotationSet] = (),
    labels: np.ndarray | None = None,
) -> tuple[tuple[Endpoint, ...], dict[str, Consensus]]:
    """Return the endpoints, and what the consensus of some teachers says of each part of an evaluation.

    Args:
        sets: The teachers' answers to each part.
        spec: Method and options.
        edges: Public edges of the coarse domain score.
        lesson: Their answers to the transfer set, if the consensus learns from it or takes its scale of distances from there; else it
            learns from each part that it is asked about, without its labels.
        labels: Public labels of some transfer molecules `(M, T)`; or `None`.
    """
    joined = stack(lesson) if lesson else None
    rule = None if joined is None else fit_rule(joined, spec, edges, labels)
    scale = None if joined is None else scale_of(joined)
    asked = {part: stack(own) for part, own in sets.items()}
    said = {part: (rule or fit_rule(answers, spec, edges))(tensors(answers, edges, scale=scale)) for part, answers in asked.items()}
    return next(iter(asked.values())).endpoints, said


def evaluate_consensus_stage(
    evaluated: Mapping[str, Artifact],
    spec: ConsensusSpec,
    edges: tuple[float, ...],
    evaluation: Evaluation,
    lesson: ConsensusLesson | None = None,
) -> Stage:
    """Describe the evaluation of the consensus itself: all teachers asked directly about molecules with known labels.

    Its confidence is evaluated as well: `confidence.csv` and `risk_coverage.csv`, per test and endpoint.

    Args:
        evaluated: The teachers' own evaluated artifacts, which hold their answers.
        spec: Method and options.
        edges: Public edges of the coarse domain score.
        evaluation: Tests.
        lesson: What the consensus learns from; `None`: from each part that it is asked about, without its labels.
    """
    who = ModelRole("consensus", "consensus")

    def build(folder: Path, work: Work) -> None:
        answers = {name: [read_answers(artifact, name, part) for artifact in evaluated.values()] for name, part in evaluation.parts.items()}
        sets, labels = (lesson.sets, lesson.labels) if lesson else ((), None)
        endpoints, said = ask_directly(answers, spec, edges, sets, labels)
        write_scores(folder, who, endpoints, {name: consensus.soft_label.numpy() for name, consensus in said.items()}, evaluation)
        write_confidence(folder, spec.method, endpoints, said, evaluation)

    inputs = {
        "evaluated": {name: artifact.digest for name, artifact in evaluated.items()},
        "spec": spec,
        "edges": edges,
        "evaluation": evaluation.inputs(),
        "lesson": {} if lesson is None else lesson.inputs(),
    }
    return Stage("evaluate", "consensus", inputs, build, module=MODULE, modules=spec.modules)


def write_confidence(
    folder: Path, method: str, endpoints: Sequence[Endpoint], said: Mapping[str, Consensus], evaluation: Evaluation
) -> None:
    """Evaluate what a consensus says of its own certainty on measured labels of every test; write `confidence.csv`, `risk_coverage.csv`."""
    rows, points = [], []
    for test, part in evaluation.tests.items():
        labels = values_for(part, endpoints)
        for i, endpoint in enumerate(endpoints):
            soft_label, confidence = said[test].soft_label[:, i].numpy(), said[test].confidence[:, i].numpy()
            where = {"method": method, "test": test, "endpoint": endpoint.name}
            rows.append(
                {**where, "kind": endpoint.kind, **asdict(evaluate_confidence(soft_label, confidence, labels[:, i], endpoint.kind))}
            )
            curve = risk_coverage(confidence, losses(soft_label, labels[:, i], endpoint.kind))
            points += [{**where, "coverage": coverage, "risk": risk} for coverage, risk in curve.thinned(POINTS)]
    pd.DataFrame(rows).to_csv(folder / "confidence.csv", index=False)
    pd.DataFrame(points, columns=["method", "test", "endpoint", "coverage", "risk"]).to_csv(folder / "risk_coverage.csv", index=False)
