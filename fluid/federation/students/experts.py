"""One additive head per teacher, copied from its answers, combined by the evidence that the teachers released.

Knowledge that is additive in substructures survives transfer molecules that lie far away.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from fluid.annotation.annotation_set import Annotations, AnnotationSet, natural_key, stack
from fluid.annotation.evidence import spanned_share
from fluid.federation.expert_heads import FIDELITY, copy_answers, fidelity_table
from fluid.federation.stages.student_spec import StudentMode, Teaching, check_labels_stay
from fluid.models.experts import ExpertsPredictor
from fluid.models.experts_spec import ExpertsSpec
from fluid.models.product_of_experts import Experts, Product, multiply_experts
from fluid.models.scores import scores_of
from fluid.molecules.substructures import Dictionary
from fluid.training.kinds.kind import Fitted

MOST_PUBLIC = 20_000
"""Transfer molecules from which correlations of substructures are taken, at most."""


class Copied(NamedTuple):
    """What is known of all teachers once they are copied.

    Attributes:
        annotations: What they said.
        answered: Which teacher answers which endpoint `(K, T)`.
        dictionary: The substructures.
        features: What additive models read of the lesson's molecules `(M, D)`.
        planes: Float64 arrays of an `ExpertsPredictor`, by name.
        fidelity: How faithful the copies are.
    """

    annotations: Annotations
    answered: np.ndarray
    dictionary: Dictionary
    features: csr_matrix
    planes: Mapping[str, np.ndarray]
    fidelity: pd.DataFrame


def fit(teaching: Teaching) -> Fitted:
    """Copy every teacher, and multiply the copies."""
    copied, spec = copy_teachers(teaching), teaching.student.experts
    teachers, endpoints = copied.annotations.teachers, copied.annotations.endpoints
    predictor = ExpertsPredictor(teachers, endpoints, copied.answered, copied.dictionary, spec=spec, **single(copied.planes))
    return Fitted(predictor, tables={FIDELITY: copied.fidelity})


def copy_teachers(teaching: Teaching) -> Copied:
    """Copy every teacher, and multiply the copies."""
    sets = sorted(teaching.sets, key=lambda one: natural_key(one.teacher))
    annotations, spec = stack(sets), teaching.student.experts
    dictionary = sets[0].evidence.dictionary  # type: ignore[union-attr]
    features = dictionary.features(teaching.lesson.molecules)
    answered = ~np.isnan(annotations.prediction).all(axis=1)
    scores = scores_of(annotations.prediction[:, teaching.rows], annotations.endpoints).transpose(1, 0, 2)[:, answered]
    copy = copy_answers(features, scores, teaching.held_out(), spec.strengths)
    planes = {
        "weights": laid_out(copy.weights, answered),
        "bias": laid_out(copy.bias, answered),
        "counts": evidence_of(sets, annotations, answered),
        "noise": np.where(answered, np.nan_to_num(annotations.aleatoric).mean(axis=1), 0.0),
        "temperature": np.ones(len(annotations.endpoints)),
    }
    planes |= products_of(planes, answered, public_of(features), spec)
    spanned = np.stack([spanned_share(own, features) for own in planes["counts"]])
    return Copied(annotations, answered, dictionary, features, planes, fidelity_table(annotations, answered, copy, spanned))


def single(planes: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return planes in single precision."""
    return {name: plane.astype(np.float32) for name, plane in planes.items()}


def products_of(planes: Mapping[str, np.ndarray], answered: np.ndarray, public: csr_matrix, spec: ExpertsSpec) -> dict[str, np.ndarray]:
    """Return the product of the experts that answer each endpoint, as `ExpertsPredictor` keeps it."""
    made = []
    for place, known in enumerate(answered.T):
        experts = Experts(*(planes[name][known, place] for name in ("weights", "bias", "counts")))
        made.append(multiply_experts(experts, public, spec.curvature, spec.correlation))
    return {f"product_{name}": np.array([getattr(one, name) for one in made]) for name in Product._fields}


def laid_out(heads: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return what is known of every head `(A, ...)` by teacher and endpoint `(K, T, ...)`; 0 where there is no head."""
    laid = np.zeros((*answered.shape, *heads.shape[1:]))
    laid[answered] = heads
    return laid


def evidence_of(sets: Sequence[AnnotationSet], annotations: Annotations, answered: np.ndarray) -> np.ndarray:
    """Return the evidence of all teachers `(K, T, D)` by endpoint of the consensus; 0 where a teacher does not answer."""
    found = [one.evidence.counts for one in sets if one.evidence is not None]
    counts = np.zeros((*answered.shape, found[0].shape[1]))
    for k, (one, own) in enumerate(zip(sets, found, strict=True)):
        counts[k, [annotations.endpoints.index(endpoint) for endpoint in one.endpoints]] = own
    return counts


def public_of(features: csr_matrix) -> csr_matrix:
    """Return at most so many molecules, evenly spread, as correlations need."""
    step = -(-features.shape[0] // MOST_PUBLIC)
    return features[::step]


CHECK = partial(check_labels_stay, learns="copies what each teacher said")
MODE = StudentMode(
    fit,
    CHECK,
    trains=False,
    learns_labels=False,
    reads_annotations=True,
    forgets_labels=True,
    takes_labels=False,
    needs_evidence=True,
    has_experts=True,
)
