"""What a student with one head per teacher is taught: every teacher's released answers and coarse domain scores."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fluid.annotation.annotation_set import AnnotationSet, stack
from fluid.annotation.domain import bin_midpoints
from fluid.errors import ConfigError
from fluid.federation.consensus_table import ConsensusTable, companies_in, hash_sets

REMEDY = "Give the annotation sets that the consensus was made of, and the annotation.edges they were made with."


class Taught(NamedTuple):
    """What `K` teachers said of some molecules, one column for every answer that a teacher gives.

    Attributes:
        teachers: Their names, in natural order.
        answered: Which teacher answers which of the `T` endpoints, `(K, T)` bool; `A` of them are true.
        answers: Probabilities or values, `(M, A)`: teacher by teacher, and endpoint by endpoint within.
        variance: The variance that the teacher gives each answer, epistemic and aleatoric, `(M, A)`; means nothing for probabilities.
        domain: Middle of each teacher's coarse domain bin, `(M, K)`.
    """

    teachers: tuple[str, ...]
    answered: np.ndarray
    answers: np.ndarray
    variance: np.ndarray
    domain: np.ndarray


def teachers_answers(sets: Sequence[AnnotationSet], edges: tuple[float, ...], rows: np.ndarray) -> Taught:
    """Return what the teachers said of some rows of the transfer set; the order of the sets does not matter."""
    annotations = stack(sets)
    answered = ~np.isnan(annotations.prediction).all(axis=1)
    prediction, variance = annotations.prediction[:, rows], (annotations.epistemic + annotations.aleatoric)[:, rows]
    domain = np.asarray(bin_midpoints(edges), dtype=np.float32)[annotations.domain_bin[:, rows]]
    answers, spread = (np.ascontiguousarray(plane.transpose(1, 0, 2)[:, answered]) for plane in (prediction, variance))
    return Taught(annotations.teachers, answered, answers, spread, np.ascontiguousarray(domain.T))


def repeat_per_head(plane: np.ndarray, answered: np.ndarray) -> np.ndarray:
    """Return a plane of endpoints `(M, T)` as one of heads `(M, A)`: that of its endpoint for every head."""
    return plane[:, np.argwhere(answered)[:, 1]]


def check_behind(consensus: ConsensusTable, sets: Sequence[AnnotationSet], teachers: tuple[str, ...]) -> None:
    """Refuse annotation sets that a consensus is not of: by their hash, or of an earlier version's by the names of the teachers.

    Raises:
        ConfigError: The consensus is of other annotation sets, or it is not in a folder.
    """
    if consensus.artifact is None:
        raise ConfigError("the consensus is not in a folder", expected="one that was made and read")
    where, said = consensus.where, f"the annotation sets are of {', '.join(teachers)}"
    if behind := companies_in(consensus.artifact):
        if teachers != behind:
            found = f"the consensus is of {', '.join(behind)}, {said}"
            raise ConfigError(found, where=where, expected="the same teachers", remedy=REMEDY)
    elif consensus.sets != hash_sets(sets):
        raise ConfigError(f"the consensus is of other annotation sets; {said}", where=where, expected="the same sets", remedy=REMEDY)


def check_sets(sets: Sequence[AnnotationSet], consensus: ConsensusTable, edges: tuple[float, ...]) -> None:
    """Refuse annotation sets that are not those behind a consensus.

    Args:
        sets: One per teacher.
        consensus: The consensus, as it was read.
        edges: Public edges of the coarse domain score.

    Raises:
        ConfigError: No annotation set is given, or the sets are of other teachers, endpoints, molecules or steps of the domain score than
            the consensus.
        ArtifactError: Two annotation sets are of one teacher, or over different transfer sets or endpoints.
    """
    if not sets:
        raise ConfigError(
            "the student learns what each teacher said, and no annotation sets were given",
            expected="annotations=[folder,folder,...]",
            remedy="Give the annotation sets that the consensus was made of.",
        )
    known, where = stack(sets), consensus.where
    check_behind(consensus, sets, known.teachers)
    if (known.endpoints, known.transfer_digest) != (consensus.endpoints, consensus.transfer_digest):
        raise ConfigError("the annotation sets are about other endpoints or molecules than the consensus", where=where, remedy=REMEDY)
    wrong = next((item for item in sets if item.evidence is None and item.n_bins != len(edges) + 1), None)
    if wrong:
        said = f"{wrong.teacher} has {wrong.n_bins} steps of the domain score, annotation.edges has {len(edges) + 1}"
        raise ConfigError(said, expected="as many", remedy=REMEDY)
