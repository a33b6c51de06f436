"""Labels of an experiment that are bounds of the true value: who could not learn them, and how many there are."""

from collections.abc import Iterator, Mapping

import numpy as np

from fluid.data.censoring import find_bounds
from fluid.data.dataset import Dataset
from fluid.federation.baselines.baseline import BASELINES
from fluid.federation.spec import FederationSpec
from fluid.models.predictor import ForestSpec
from fluid.training.kinds.kind import check_bounds, kind_of, refuse_bounds

WHERE = "pool"


def check_experiment(spec: FederationSpec, pool: Dataset) -> None:
    """Refuse private labels that are bounds if something that the experiment asks for would take them for values.

    Raises:
        ConfigError: A label is a bound, and a model, the hybrids or a baseline cannot learn it.
    """
    for model in (spec.model, spec.pooled_settings.model, *([ForestSpec()] if spec.evaluation.forest else [])):
        check_bounds(model, pool.censored, WHERE)
    for what in unable(spec):
        refuse_bounds(what, pool.censored, WHERE)


def unable(spec: FederationSpec) -> Iterator[str]:
    """Yield the hybrids and baselines of an experiment that take every label for a value."""
    yield from (f"baseline {name!r}" for name, _ in spec.baselines.asked() if not BASELINES[name].learns_bounds)
    how, student = spec.hybrid.how, spec.distillation
    able = student.how.forgets_labels and kind_of(spec.student_model).learns_bounds
    if not how.learns_bounds or (how.adds_labels and not able):
        yield f"hybrid={spec.hybrid.mode} with distillation={student.mode} and a student of kind {spec.student_model.kind!r}"


def bound_notes(parts: Mapping[str, Dataset], public: Dataset | None) -> Iterator[str]:
    """Say in sentences how many labels are bounds, per part and endpoint; and that a consensus learns no public ones.

    Args:
        parts: Labelled parts by name.
        public: Labels of transfer molecules; or `None`.
    """
    for name, part in parts.items():
        for endpoint, count, known in counts(part):
            yield f"{name}: {count} of {known} values of {endpoint} are bounds of the true value."
    for endpoint, count, known in counts(public) if public else ():
        yield f"transfer labels: {count} of {known} values of {endpoint} are bounds of the true value, which a consensus does not learn."


def counts(part: Dataset) -> Iterator[tuple[str, int, int]]:
    """Yield each endpoint of which some labels are bounds, with their number and that of all its labels."""
    bounds = find_bounds(part.censored)
    if bounds is None:
        return
    marked, known = (bounds != 0).sum(axis=0), (~np.isnan(part.labels)).sum(axis=0)
    yield from ((e.name, int(n), int(of)) for e, n, of in zip(part.endpoints, marked, known, strict=True) if n)
