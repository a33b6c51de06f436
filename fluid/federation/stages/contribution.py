"""Stage `contribution`: what each teacher adds to the consensus, asked directly about molecules with known labels."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from fluid.annotation.annotation_set import AnnotationSet
from fluid.artifacts import Artifact
from fluid.distillation.consensus_spec import ConsensusSpec
from fluid.evaluation.scores import Scoring, Subject, score_predictions
from fluid.evaluation.shapley import exact_shapley, sampled_shapley
from fluid.federation.stages.columns import values_for
from fluid.federation.stages.evaluate import ConsensusLesson, Evaluation, ask_directly, read_answers, thresholds_of
from fluid.pipeline.stage import Stage, Work
from fluid.seeding import numpy_stream

MODULE = "federation/stages/contribution.py"

FILE = "contribution.csv"
COLUMNS = ["company", "test", "endpoint", "metric", "shapley", "leave_one_out", "alone", "together", "by"]
NOTHING_KNOWN = {"classification": {"mcc": 0.0, "auroc": 0.5}, "regression": {"r2": 0.0, "spearman": 0.0}}
"""Worth of a consensus of nobody: that of guessing."""
MOST_EXACT, ORDERS = 10, 200

Place = tuple[str, str, str]


def places_of(evaluation: Evaluation) -> dict[Place, float]:
    """Return every test, endpoint and metric that a consensus is evaluated by, with the worth of knowing nothing."""
    return {
        (test, endpoint.name, metric): nothing
        for test, part in evaluation.tests.items()
        for endpoint in part.endpoints
        for metric, nothing in NOTHING_KNOWN[endpoint.kind].items()
    }


def worth(
    sets: Mapping[str, Sequence[AnnotationSet]],
    lesson: Sequence[AnnotationSet],
    labels: np.ndarray | None,
    spec: ConsensusSpec,
    edges: tuple[float, ...],
    evaluation: Evaluation,
) -> dict[Place, float]:
    """Return how well the consensus of some teachers does.

    Args:
        sets: Their answers to each part of the evaluation.
        lesson: Their answers to the transfer set, where the consensus learns from it or takes its scale of distances from there; or empty.
        labels: Public labels of some transfer molecules.
        spec: Method and options.
        edges: Public edges of the coarse domain score.
        evaluation: The tests.
    """
    endpoints, consensus = ask_directly(sets, spec, edges, lesson, labels)
    said = {part: one.soft_label.numpy() for part, one in consensus.items()}
    thresholds = thresholds_of(evaluation, endpoints, said, np.full(len(endpoints), 0.5))
    found: dict[Place, float] = {}
    for test, part in evaluation.tests.items():
        subject, scoring = Subject("consensus", "consensus", "", test), Scoring(evaluation.seed, 0, evaluation.auroc)
        scores = score_predictions(subject, endpoints, said[test], values_for(part, endpoints), thresholds, scoring)
        found |= {(s.test, s.endpoint, s.metric): s.value for s in scores}
    return found


def contribution_stage(
    evaluated: Mapping[str, Artifact],
    spec: ConsensusSpec,
    edges: tuple[float, ...],
    evaluation: Evaluation,
    taught: ConsensusLesson | None = None,
) -> Stage:
    """Describe the Shapley values of teachers: of all subsets of at most 10 teachers, of 200 random orders of more.

    Nothing is trained: the worth of some teachers is that of their consensus, asked directly about the tests; that of nobody is that of
    guessing (AUROC 0.5, MCC, R² and Spearman 0). The values sum to what the consensus of all is worth beyond that. `leave_one_out` is
    what the consensus loses without the teacher, `alone` what a consensus of it alone is worth, `together` that of all.

    Args:
        evaluated: The teachers' evaluated artifacts, which hold their answers.
        spec: Method and options.
        edges: Public edges of the coarse domain score.
        evaluation: Tests.
        taught: What the consensus learns from, as in `evaluate_consensus_stage`.
    """
    names, places = list(evaluated), places_of(evaluation)

    def build(folder: Path, work: Work) -> None:
        answered = {name: {part: read_answers(evaluated[name], part, asked) for part, asked in evaluation.parts.items()} for name in names}
        lessons = {} if taught is None else {annotations.teacher: annotations for annotations in taught.sets}
        known: dict[tuple[int, ...], np.ndarray] = {}

        def value(members: tuple[int, ...]) -> np.ndarray:
            if members not in known:
                own = [names[i] for i in members]
                sets = {part: [answered[name][part] for name in own] for part in evaluation.parts}
                lesson = [lessons[name] for name in own if lessons]
                found = worth(sets, lesson, taught.labels if taught else None, spec, edges, evaluation) if own else {}
                known[members] = np.array([found.get(place, nothing) for place, nothing in places.items()])
                work.report(min(1.0, len(known) / 2 ** min(len(names), MOST_EXACT)))
            return known[members]

        n, exact = len(names), len(names) <= MOST_EXACT
        share = exact_shapley(n, value) if exact else sampled_shapley(n, value, ORDERS, numpy_stream(evaluation.seed, "contribution"))
        together = value(tuple(range(n)))
        rows = []
        for i, name in enumerate(names):
            lost, alone = together - value(tuple(j for j in range(n) if j != i)), value((i,))
            planes = zip(places, share[i], lost, alone, together, strict=True)
            rows += [(name, *place, *numbers, "all subsets" if exact else f"{ORDERS} orders") for place, *numbers in planes]
        pd.DataFrame(rows, columns=COLUMNS).to_csv(folder / FILE, index=False)

    inputs = {
        "evaluated": {name: artifact.digest for name, artifact in evaluated.items()},
        "spec": spec,
        "edges": edges,
        "evaluation": evaluation.inputs(),
        "taught": {} if taught is None else taught.inputs(),
    }
    return Stage("contribution", "contribution", inputs, build, module=MODULE, modules=spec.modules)
