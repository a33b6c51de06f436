"""Stage `judge`: a model answers the labelled parts; thresholds come from validation, scores from the tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fluid.annotation.annotation_set import Annotations, AnnotationSet, stack
from fluid.artifacts import Artifact
from fluid.data.endpoints import Endpoint
from fluid.errors import ConfigError
from fluid.evaluation.reliability import reliability
from fluid.evaluation.scores import Score, score_predictions, scores_frame
from fluid.evaluation.thresholds import best_threshold
from fluid.federation.model_folder import Model
from fluid.federation.part import Part
from fluid.federation.spec import ConsensusSpec
from fluid.federation.stage import Stage, Work
from fluid.federation.stages.consensus import combine_annotations

VALIDATION = "validation"


@dataclass(frozen=True, slots=True)
class Exam:
    """What models are judged on.

    Attributes:
        validation: Labelled molecules for thresholds; `None`: each model's own thresholds.
        tests: Labelled test molecules by name (`in-domain`, `external`).
        n_bootstrap: Resamples per interval.
        seed: Seed of the resamples: the same for all models, so that they are compared on the same draws.
    """

    validation: Part | None
    tests: Mapping[str, Part]
    n_bootstrap: int
    seed: int

    @property
    def parts(self) -> dict[str, Part]:
        """Validation and tests by name."""
        return {**({VALIDATION: self.validation} if self.validation else {}), **self.tests}

    def inputs(self) -> dict[str, object]:
        """Return what of the exam decides a result."""
        return {"parts": {name: part.digest for name, part in self.parts.items()}, "n_bootstrap": self.n_bootstrap, "seed": self.seed}


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who is judged: name, role in the score table, owner."""

    name: str
    role: str
    company: str = ""


def labels_for(part: Part, endpoints: Sequence[Endpoint]) -> np.ndarray:
    """Return the part's labels `(M, T)` in the model's column order; NaN where the part has no such endpoint."""
    columns = {endpoint.name: i for i, endpoint in enumerate(part.table.endpoints)}
    absent = np.full(len(part), np.nan, dtype=np.float32)
    return np.stack([part.table.labels[:, columns[e.name]] if e.name in columns else absent for e in endpoints], axis=1)


def validation_thresholds(endpoints: Sequence[Endpoint], probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the thresholds `(T,)` with the best validation MCC; NaN for regression."""
    return np.array([best_threshold(probs[:, i], labels[:, i]) if e.kind == "classification" else np.nan for i, e in enumerate(endpoints)])


def write_scores(
    folder: Path,
    who: Candidate,
    endpoints: Sequence[Endpoint],
    answers: Mapping[str, np.ndarray],
    exam: Exam,
    own: np.ndarray | None = None,
) -> None:
    """Score the answers on every test; write `scores.csv` and `reliability.csv`.

    Thresholds come from the exam's validation part, or are the model's `own` where the exam has none.
    """
    thresholds = own
    if exam.validation is not None:
        thresholds = validation_thresholds(endpoints, answers[VALIDATION], labels_for(exam.validation, endpoints))
    if thresholds is None:
        raise ConfigError("no thresholds", expected="a validation part, or a model with thresholds of its own")
    scores: list[Score] = []
    points = []
    for test, part in exam.tests.items():
        labels = labels_for(part, endpoints)
        scores += score_predictions(
            who.name, who.role, who.company, test, endpoints, answers[test], labels, thresholds, exam.seed, exam.n_bootstrap
        )
        for i, endpoint in enumerate(endpoints):
            if endpoint.kind == "classification":
                points += [(who.name, test, *point) for point in reliability(answers[test][:, i], labels[:, i])]
    scores_frame(scores).to_csv(folder / "scores.csv", index=False)
    pd.DataFrame(points, columns=["model", "test", "predicted", "observed", "n"]).to_csv(folder / "reliability.csv", index=False)


def judge_stage(artifact: Artifact, model: Model, who: Candidate, exam: Exam) -> Stage:
    """Describe the judging of one model; its answers are kept as an annotation set per part."""

    def build(folder: Path, work: Work) -> None:
        answers = {}
        for number, (name, part) in enumerate(exam.parts.items()):
            prediction, bins = model.predictor.predict(part.molecules), model.domain.bins(part.molecules.bits)
            answers[name] = prediction.mean
            planes = {plane: getattr(prediction, plane) for plane in ("mean", "epistemic", "aleatoric")}
            np.savez(folder / f"{name}.npz", allow_pickle=False, bins=bins, **planes)
            work.report((number + 1) / (len(exam.parts) + 1))
        write_scores(folder, who, model.predictor.endpoints, answers, exam, model.thresholds)

    return Stage("judge", who.name, {"model": artifact.digest, "who": who, "exam": exam.inputs()}, build)


def answers_of(judged: Artifact, model: Model, part: str, digest: str) -> AnnotationSet:
    """Return a judged model's answers on one part, as annotations of that part."""
    with np.load(judged / f"{part}.npz", allow_pickle=False) as planes:
        values = {name: planes[name] for name in planes.files}
    return AnnotationSet(
        model.name,
        tuple(model.predictor.endpoints),
        digest,
        values["mean"],
        values["epistemic"],
        values["aleatoric"],
        values["bins"],
        model.domain.n_bins,
    )


def judge_consensus_stage(
    judged: Mapping[str, Artifact], models: Mapping[str, Model], spec: ConsensusSpec, edges: tuple[float, ...], exam: Exam
) -> Stage:
    """Describe the judging of the consensus itself: all teachers asked directly about molecules with known labels."""
    who = Candidate("consensus", "consensus")

    def ask(name: str, part: Part) -> tuple[Annotations, np.ndarray]:
        stacked = stack([answers_of(judged[k], models[k], name, part.transfer_digest) for k in judged])
        return stacked, combine_annotations(stacked, spec, edges).soft_label.numpy()

    def build(folder: Path, work: Work) -> None:
        asked = {name: ask(name, part) for name, part in exam.parts.items()}
        endpoints = next(iter(asked.values()))[0].endpoints
        write_scores(folder, who, endpoints, {name: soft_label for name, (_, soft_label) in asked.items()}, exam)

    inputs = {"judged": {name: artifact.digest for name, artifact in judged.items()}, "spec": spec, "edges": edges, "exam": exam.inputs()}
    return Stage("judge", "consensus", inputs, build)
