"""A federation as far as its student, scored on validation molecules only: what a search for hyper-parameters sees of a trial.

Every stage lies in the store afterwards, under the key that a whole run looks it up by: a trial that goes on repeats nothing.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fluid.annotation.annotation_set import stack
from fluid.data.dataset import Dataset
from fluid.distillation.combine import needs_labels
from fluid.errors import ConfigError
from fluid.evaluation.validation import defined_mean, validation_score
from fluid.federation.data_nodes import COMPANIES, WHOLE
from fluid.federation.graph import federation_graph
from fluid.federation.model_folder import Model
from fluid.federation.model_nodes import STUDENT
from fluid.federation.spec import FederationSpec
from fluid.federation.stages.annotate import annotate
from fluid.federation.stages.columns import values_for
from fluid.federation.stages.consensus import combine_annotations
from fluid.federation.stages.held_out import own_validation
from fluid.pipeline.runner import Runner
from fluid.threads import threads

STEPS = ("teachers", "consensus", "student")


class TrialScore(NamedTuple):
    """How well a trial does so far: which of `STEPS` was reached, and its validation score (NaN if undefined)."""

    step: str
    score: float


def trial_scores(spec: FederationSpec, runner: Runner, metric: str) -> Iterator[TrialScore]:
    """Carry out a federation as far as its student; whoever asks for no further score spares the stages that would come.

    Yields:
        `teachers`: mean score of the teachers, each on its company's own held-out molecules; nothing private is pooled.
        `consensus`: score of the teachers' consensus on the validation molecules, before the transfer set is annotated.
        `student`: score of the student on the validation molecules.

    Raises:
        ConfigError: The consensus learns from labels of transfer molecules, so that it cannot be scored before these are annotated.
    """
    if needs_labels(spec.consensus.method):
        raise ConfigError(f"a search cannot use consensus {spec.consensus.method!r}", expected="a consensus that needs no labels")
    graph = federation_graph(spec, runner)
    models: dict[str, Model] = graph.values(spec.members)
    companies, validation = graph.value(COMPANIES), graph.value(WHOLE).validation
    yield TrialScore("teachers", defined_mean([own_score(model, companies[name], spec, metric) for name, model in models.items()]))
    yield TrialScore("consensus", consensus_score(models, validation, spec, metric))
    yield TrialScore("student", score_of(graph.value(STUDENT), validation, metric))


def score_of(model: Model, dataset: Dataset, metric: str) -> float:
    """Score a model on labelled molecules; bounds do not count."""
    endpoints = model.predictor.endpoints
    with threads(1):
        return validation_score(metric, endpoints, model.predictor.predict(dataset.molecules).mean, values_for(dataset, endpoints))


def own_score(teacher: Model, dataset: Dataset, spec: FederationSpec, metric: str) -> float:
    """Score a teacher on the molecules that its company held out of training; NaN if it held out none."""
    rows = own_validation(dataset.labels, spec.training.teacher, spec.seed, teacher.name, dataset.molecules.skeletons)[1]
    return score_of(teacher, dataset.take(rows), metric) if len(rows) else float("nan")


def consensus_score(teachers: Mapping[str, Model], dataset: Dataset, spec: FederationSpec, metric: str) -> float:
    """Score the consensus of all teachers, asked directly about labelled molecules."""
    with threads(1):
        annotations = stack([annotate(model, dataset) for model in teachers.values()])
    soft_label = combine_annotations(annotations, spec.consensus, spec.annotation.edges).soft_label.numpy()
    return validation_score(metric, annotations.endpoints, soft_label, values_for(dataset, annotations.endpoints))
